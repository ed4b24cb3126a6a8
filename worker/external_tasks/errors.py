"""The errors of this package.

ExternalTasksError
├── EngineError                   the engine's answer, or that there was none
│   ├── EngineUnreachable         no answer: refused, reset, timed out
│   ├── EngineUnauthorized        401
│   ├── EngineForbidden           403
│   ├── NotFound                  404
│   ├── BadRequest                400
│   │   └── LockLost              400: another worker holds the task, or its lock has expired
│   ├── OptimisticLockingConflict 500, two transactions met: repeat
│   ├── EngineOverloaded          429, 502, 503, 504, full fetch queue, shutdown: wait and repeat
│   └── EngineServerError         any other 5xx
├── HandlerError                  what a handler raises on purpose
│   ├── BusinessError             a modelled error: BPMN error event
│   ├── TransientError            try again, at a time that the handler may name
│   └── PermanentError            trying again is useless
│       └── MissingVariable       the process has not set a variable that the handler needs
├── VariableError                 a value that the engine cannot store or this package cannot read
└── RegistrationError             a handler that cannot be registered
"""

from collections.abc import Mapping
from typing import Any

MESSAGE_LIMIT = 666
"""Characters of a message that are kept; the engine keeps as many of an external task's error message."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Cut a text to a number of characters, visibly, and replace what no database stores."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return text if len(text) <= limit else text[: limit - 1] + "…"


class ExternalTasksError(Exception):
    """The root of all errors of this package."""


class EngineError(ExternalTasksError):
    """An answer of the engine that is no success, or no answer at all.

    Attributes:
        status: the HTTP status, None where there was no answer.
        kind: the engine's own name of the error, e.g. ``RestException``; else a word for what went wrong.
    """

    def __init__(self, message: str, *, status: int | None = None, kind: str = "") -> None:
        super().__init__(shorten(message))
        self.status = status
        self.kind = kind or type(self).__name__


class EngineUnreachable(EngineError):
    """The engine gave no answer; whether the call had an effect is not known."""


class EngineUnauthorized(EngineError):
    """The engine refused the credentials."""


class EngineForbidden(EngineError):
    """The engine knows the user, who lacks a permission."""


class NotFound(EngineError):
    """What the call is about does not exist (any more)."""


class BadRequest(EngineError):
    """The engine refused the request as wrong."""


class LockLost(BadRequest):
    """The task is locked by another worker, or by nobody since its lock has expired."""


class TaskSuspended(BadRequest):
    """The task cannot end as long as its process instance is suspended."""


class OptimisticLockingConflict(EngineError):
    """Another transaction changed the same instance at the same time; repeating is safe and right."""


class EngineOverloaded(EngineError):
    """The engine, or a proxy before it, asks to come back later."""


class EngineServerError(EngineError):
    """The engine failed while it worked on the request, often in what follows the task in the process."""


class HandlerError(ExternalTasksError):
    """What a handler raises to say how its task ended."""


class BusinessError(HandlerError):
    """A modelled error: the process goes on at the boundary event that catches the code.

    Args:
        code: the BPMN error's code.
        message: what happened, for the process and for people.
        variables: process variables to set with it.
    """

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.variables = dict(variables or {})


class TransientError(HandlerError):
    """The task could not be done now; it is tried again.

    Args:
        message: what happened.
        retry_after: seconds until the next try; None leaves it to the retry policy.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(HandlerError):
    """The task cannot be done, however often it is tried: its retries are taken as used up."""


class MissingVariable(PermanentError):
    """The handler asks for a process variable that is not set."""


class VariableError(ExternalTasksError):
    """A value that has no form as a process variable, or the other way round."""


class RegistrationError(ExternalTasksError):
    """A handler that cannot be registered as it is."""
