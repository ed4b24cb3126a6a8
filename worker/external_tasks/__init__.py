"""External-task workers for Camunda-7-compatible engines.

A worker registers plain functions for topics and runs them; see `Worker`. `EngineClient` is the engine's REST
API by itself, `external_tasks.testing` tests handlers without an engine.
"""

from external_tasks.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine import EngineClient
from external_tasks.errors import (
    BadRequest,
    BusinessError,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    EngineUnreachable,
    ExternalTasksError,
    HandlerError,
    LockLost,
    MissingVariable,
    NotFound,
    OptimisticLockingConflict,
    PermanentError,
    RegistrationError,
    TaskSuspended,
    TransientError,
    VariableError,
)
from external_tasks.model import DeployedDefinition, Deployment, ExternalTask, TopicSubscription
from external_tasks.outcomes import TASK_ERROR, BpmnError, Complete, Exhausted, Failure, Outcome
from external_tasks.registry import Handler, TaskRouter
from external_tasks.retry import Backoff, RetryPolicy
from external_tasks.task import Task
from external_tasks.variables import File, Typed, decode, encode
from external_tasks.worker import Worker

__all__ = [
    "TASK_ERROR",
    "Auth",
    "Backoff",
    "BadRequest",
    "BasicAuth",
    "BearerAuth",
    "BpmnError",
    "BusinessError",
    "Complete",
    "DeployedDefinition",
    "Deployment",
    "EngineClient",
    "EngineError",
    "EngineForbidden",
    "EngineOverloaded",
    "EngineServerError",
    "EngineUnauthorized",
    "EngineUnreachable",
    "Exhausted",
    "ExternalTask",
    "ExternalTasksError",
    "Failure",
    "File",
    "Handler",
    "HandlerError",
    "LockLost",
    "MissingVariable",
    "NotFound",
    "OptimisticLockingConflict",
    "Outcome",
    "PermanentError",
    "RegistrationError",
    "RetryPolicy",
    "Task",
    "TaskRouter",
    "TaskSuspended",
    "TopicSubscription",
    "TransientError",
    "Typed",
    "VariableError",
    "Worker",
    "decode",
    "encode",
]
