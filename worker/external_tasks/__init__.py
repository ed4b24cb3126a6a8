"""External-task workers for Camunda-7-compatible engines.

A worker registers plain functions for topics and runs them; see `Worker`. `EngineClient` is the engine's REST
API by itself, `external_tasks.testing` tests handlers without an engine.

What is named in ``__all__`` here and in `external_tasks.testing` is for users. Everything else may change.
"""

from external_tasks.bounded_http import ClientCertificate, proxy_from_environment
from external_tasks.engine.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine.client import EngineClient
from external_tasks.engine.model import DeployedDefinition, Deployment, ExternalTask, TopicSubscription
from external_tasks.engine.oauth2 import OAuth2ClientCredentials
from external_tasks.engine.variables import File, Typed, decode, encode
from external_tasks.errors import (
    BadRequest,
    BusinessError,
    CredentialsUnavailable,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    EngineUnreachable,
    ExternalTasksError,
    HandlerError,
    HealthPortUnavailable,
    LockLost,
    MissingVariable,
    NoRecipient,
    NotFound,
    OptimisticLockingConflict,
    PermanentError,
    RegistrationError,
    SeveralRecipients,
    TaskSuspended,
    TransientError,
    UnusableResponse,
    VariableError,
)
from external_tasks.handlers.breaker import CircuitBreaker
from external_tasks.handlers.limits import Rate
from external_tasks.handlers.middleware import Middleware
from external_tasks.handlers.outcomes import (
    TASK_ERROR,
    BpmnError,
    Complete,
    Failure,
    OnRetriesExhausted,
    Outcome,
)
from external_tasks.handlers.payloads import AllVariables
from external_tasks.handlers.router import Handler, TaskRouter
from external_tasks.handlers.sending import Sent, TaskEngine
from external_tasks.handlers.task import Task
from external_tasks.results import activity_key, create_results_table, once
from external_tasks.retry import Backoff, RetryPolicy
from external_tasks.worker import Worker

__all__ = [
    "TASK_ERROR",
    "AllVariables",
    "Auth",
    "Backoff",
    "BadRequest",
    "BasicAuth",
    "BearerAuth",
    "BpmnError",
    "BusinessError",
    "CircuitBreaker",
    "ClientCertificate",
    "Complete",
    "CredentialsUnavailable",
    "DeployedDefinition",
    "Deployment",
    "EngineClient",
    "EngineError",
    "EngineForbidden",
    "EngineOverloaded",
    "EngineServerError",
    "EngineUnauthorized",
    "EngineUnreachable",
    "ExternalTask",
    "ExternalTasksError",
    "Failure",
    "File",
    "Handler",
    "HandlerError",
    "HealthPortUnavailable",
    "LockLost",
    "Middleware",
    "MissingVariable",
    "NoRecipient",
    "NotFound",
    "OAuth2ClientCredentials",
    "OnRetriesExhausted",
    "OptimisticLockingConflict",
    "Outcome",
    "PermanentError",
    "Rate",
    "RegistrationError",
    "RetryPolicy",
    "Sent",
    "SeveralRecipients",
    "Task",
    "TaskEngine",
    "TaskRouter",
    "TaskSuspended",
    "TopicSubscription",
    "TransientError",
    "Typed",
    "UnusableResponse",
    "VariableError",
    "Worker",
    "activity_key",
    "create_results_table",
    "decode",
    "encode",
    "once",
    "proxy_from_environment",
]
