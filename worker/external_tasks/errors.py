"""The errors of this package.

ExternalTasksError
├── EngineError                   a call to the engine that did not succeed
│   ├── EngineUnreachable         no answer: refused, reset, timed out
│   ├── CredentialsUnavailable    the Auth object gave no credentials: nothing was sent
│   ├── UnusableResponse          an answer that is not the engine's, or beyond a limit: size, depth
│   ├── EngineUnauthorized        401
│   ├── EngineForbidden           403
│   ├── NotFound                  404
│   ├── BadRequest                400
│   │   ├── LockLost              400: another worker holds the task, or its lock has expired
│   │   ├── TaskSuspended         400: the task cannot end, as its instance is suspended
│   │   ├── NoRecipient           400: nobody waits for a message
│   │   └── SeveralRecipients     400: more than one waits for a message
│   ├── OptimisticLockingConflict 500, two transactions met: repeat
│   ├── EngineOverloaded          429, 502, 503, 504, full fetch queue, shutdown: wait and repeat
│   └── EngineServerError         any other 5xx
├── HandlerError                  what a handler raises on purpose
│   ├── BusinessError             a modelled error: BPMN error event
│   ├── TransientError            try again, at a time that the handler may name
│   └── PermanentError            trying again is useless
│       └── MissingVariable       the process has not set a variable that the handler needs
├── VariableError                 a value that the engine cannot store or this package cannot read
├── HealthPortUnavailable         probes cannot be served at the port; an OSError too
└── RegistrationError             a handler that cannot be registered
"""

from collections.abc import Mapping
from typing import Any

from external_tasks import checks

YEAR_SECONDS = 366 * 86_400.0

MESSAGE_LIMIT = 666
"""Characters of a message that are kept; the engine keeps as many of an external task's error message."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Cut a text to a number of characters, visibly, and replace what no database stores."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return text if len(text) <= limit else text[: limit - 1] + "…"


class ExternalTasksError(Exception):
    """The root of all errors of this package."""


class EngineError(ExternalTasksError):
    """A call to the engine that did not succeed.

    Attributes:
        status: the HTTP status, None where there was no answer.
        kind: the engine's own name of the error, e.g. ``RestException``; else a word for what went wrong.
        reason: the engine's own message, without the call that it answers; empty if it gave none.
        retry_after: seconds that the server asks to wait, None if it does not ask.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        kind: str = "",
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(shorten(message))
        self.status = status
        self.kind = kind or type(self).__name__
        self.reason = reason
        self.retry_after = retry_after


class EngineUnreachable(EngineError):
    """The engine gave no answer; whether the call had an effect is not known."""


class CredentialsUnavailable(EngineError):
    """The `Auth` object raised or gave nothing that a header can carry; no request was sent."""


class UnusableResponse(EngineError):
    """An answer that is not in the engine's form, or larger or deeper than the client accepts.

    A proxy or another server gave it, or the engine did and it is beyond a limit. Whether the call had an
    effect is not known.
    """


class EngineUnauthorized(EngineError):
    """The engine refused the credentials."""


class EngineForbidden(EngineError):
    """The engine knows the user, who lacks a permission."""


class NotFound(EngineError):
    """What the call is about does not exist (any more)."""


class BadRequest(EngineError):
    """The engine refused the request as wrong."""


class LockLost(BadRequest):
    """The task is locked by another worker, or its lock has expired."""


class TaskSuspended(BadRequest):
    """The task cannot end as long as its process instance is suspended."""


class NoRecipient(BadRequest):
    """Nobody waits for the message: not yet, or no more."""


class SeveralRecipients(BadRequest):
    """More than one instance waits for the message: nobody got it; name the recipient more exactly."""


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

    Raises:
        ValueError: an argument has another type, or the code is empty.
    """

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        checks.text("code", code)
        checks.text("message", message, may_be_empty=True)
        checks.variables("variables", variables or {})
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.variables = dict(variables or {})


class TransientError(HandlerError):
    """The task could not be done now; it is tried again.

    Args:
        message: what happened.
        retry_after: seconds until the next try, at once if negative; None leaves it to the retry policy.

    Raises:
        ValueError: `retry_after` is not a number of seconds, e.g. a header's text, or is above a year.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        if retry_after is not None:
            checks.number("retry_after", retry_after, at_least=-YEAR_SECONDS, at_most=YEAR_SECONDS)
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(HandlerError):
    """The task cannot be done, however often it is tried: its retries are taken as used up."""


class MissingVariable(PermanentError):
    """The handler asks for a process variable that is not set."""


class VariableError(ExternalTasksError):
    """A value that has no form as a process variable, or the other way round."""


class HealthPortUnavailable(ExternalTasksError, OSError):
    """Probes and metrics cannot be served at the address that was chosen, e.g. as the port is taken."""


class RegistrationError(ExternalTasksError):
    """A handler that cannot be registered as it is."""
