"""The one place where an HTTP answer becomes a value or an error of this package."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from external_tasks.bounded_http import MAX_JSON_DEPTH, JsonTooDeepError, parse_json
from external_tasks.errors import (
    BadRequest,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    LockLost,
    NoRecipient,
    NotFound,
    OptimisticLockingConflict,
    SeveralRecipients,
    TaskSuspended,
    UnusableResponse,
)

T = TypeVar("T")

# Statuses that mean the same from any server: the engine, a proxy or an identity provider.
_BY_STATUS: Mapping[int, type[EngineError]] = {
    HTTPStatus.UNAUTHORIZED: EngineUnauthorized,
    HTTPStatus.FORBIDDEN: EngineForbidden,
    HTTPStatus.TOO_MANY_REQUESTS: EngineOverloaded,
    HTTPStatus.BAD_GATEWAY: EngineOverloaded,
    HTTPStatus.SERVICE_UNAVAILABLE: EngineOverloaded,
    HTTPStatus.GATEWAY_TIMEOUT: EngineOverloaded,
}

# The engine has no codes for these: its words are all there is, and both engines use the same ones.
_LOCK_LOST = ("It is locked by worker", "Cannot extend a lock that expired")
_SUSPENDED = "is suspended"
_NO_RECIPIENT = "No process definition or execution matches the parameters"
_SEVERAL_RECIPIENTS = ("to a single execution", "to a single process definition")
_OVERLOADED = ("too many requests at the same time", "due to shutdown", "shutting down")

# What the loser of a race hears when the engine finds an execution gone that it had just read: its own words,
# or Java's about a null (AbstractCorrelateMessageCmd and EventSubscriptionEntity in both engines).
_OVERTAKEN = (
    "does not have a subscription to a message event",
    "execution is null",
    '"execution" is null',
    'getExecution()" is null',
)

# What the application around the engine answers, not the engine: about no task and no instance.
_NO_SUCH_PATH = "HTTP 404"
_NO_ENGINE = "No process engine available"

_OPTIMISTIC_LOCKING_CODE = 1

_JAVA_NAME = re.compile(r"[A-Za-z_$][\w$]*")
"""The engine's errors bear the simple names of Java's classes; those of RFC 9457 bear URIs."""


def parse(body: bytes, url: str, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """Read a successful answer; None for an empty one.

    Raises:
        UnusableResponse: the body is not JSON, so the URL does not lead to an engine's REST API, or it is
            nested too deeply.
    """
    if not body:
        return None
    try:
        return parse_json(body, max_depth)
    except JsonTooDeepError as error:
        raise UnusableResponse(
            f"{url} answered with JSON that cannot be read: {error}", kind="JsonTooDeep"
        ) from error
    except ValueError as error:
        raise UnusableResponse(
            f"{url} answered with something that is not JSON: the engine's URL usually ends in /engine-rest",
            kind="NotJson",
        ) from error


def to_error(status: int, body: bytes, call: str, retry_after: float | None = None) -> EngineError:
    """Make the error that an unsuccessful answer means.

    A status alone says nothing about the task or the request, as a proxy may have given it: only with the
    engine's own JSON does 404 mean that something is gone, and 400 or 500 that the request is at fault.

    Args:
        status: the HTTP status.
        body: the answer as it came.
        call: method and URL, for the message.
        retry_after: seconds that the server asks to wait.
    """
    details = _details(body)
    if details is None:
        error, message, kind = _BY_STATUS.get(status, UnusableResponse), "", ""
        advice = _advice(status) or (
            " and not in the engine's form: check what stands between here and the engine"
            if error is UnusableResponse
            else ""
        )
    else:
        message, kind = details["message"] or "", str(details["type"])
        error, advice = _class_of(status, message, details), _advice(status)
        if error is UnusableResponse:
            advice = ": check that the URL leads to an engine that runs"
    return error(
        f"{call} answered {status}{advice}{': ' + message if message else ''}",
        status=status,
        kind=kind,
        reason=message,
        retry_after=retry_after,
    )


def read(what: str, parse: Callable[[], T]) -> T:
    """Read values from parsed JSON.

    Args:
        what: the answer, for the message.
        parse: reads it.

    Raises:
        UnusableResponse: it has not the form that an engine gives it.
    """
    try:
        return parse()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnusableResponse(
            f"{what} has not the form that an engine gives it ({type(error).__name__}): "
            "check that the URL leads to the engine",
            kind="Malformed",
        ) from error


def rows(answer: Any) -> list[dict[str, Any]]:
    """Return a list of objects; for use in `read`.

    Raises:
        TypeError: it is something else, e.g. an object, which would pass for an empty list.
    """
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise TypeError("not a list of objects")
    return answer


MOST_COUNTED = 10**12
"""No engine has more rows. Sums of such counts fit into a status, whose numbers have 64 bits."""


def count(answer: Any) -> int:
    """Return the number in the answer to a count; for use in `read`.

    Raises:
        KeyError, TypeError, ValueError: it holds none.
    """
    found = answer["count"]
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError("not a whole number")
    if not 0 <= found <= MOST_COUNTED:
        raise ValueError("fewer than none, or more than any engine has")
    return found


def _details(body: bytes) -> Mapping[str, Any] | None:
    """Return the engine's description of an error; None if another has answered."""
    try:
        parsed = parse_json(body)
    except ValueError:
        return None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("message", 0), str | None):
        return None
    kind = parsed.get("type")
    return parsed if isinstance(kind, str) and _JAVA_NAME.fullmatch(kind) else None


def _class_of(status: int, message: str, details: Mapping[str, Any]) -> type[EngineError]:
    if status == HTTPStatus.BAD_REQUEST:
        return UnusableResponse if _NO_ENGINE in message else _bad_request(message)
    if status == HTTPStatus.NOT_FOUND:
        return UnusableResponse if message.startswith(_NO_SUCH_PATH) else NotFound
    if status == HTTPStatus.INTERNAL_SERVER_ERROR and _is_overtaken(details, message):
        return OptimisticLockingConflict
    if status == HTTPStatus.INTERNAL_SERVER_ERROR and any(words in message for words in _OVERLOADED):
        return EngineOverloaded
    return _BY_STATUS.get(status) or (
        EngineServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else EngineError
    )


def _bad_request(message: str) -> type[BadRequest]:
    if any(words in message for words in _LOCK_LOST):
        return LockLost
    if _NO_RECIPIENT in message:
        return NoRecipient
    if any(words in message for words in _SEVERAL_RECIPIENTS):
        return SeveralRecipients
    return TaskSuspended if _SUSPENDED in message else BadRequest


def _is_overtaken(details: Mapping[str, Any], message: str) -> bool:
    return (
        details.get("code") == _OPTIMISTIC_LOCKING_CODE
        or details.get("type") == "OptimisticLockingException"
        or any(words in message for words in _OVERTAKEN)
    )


def _advice(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return " (the engine refused the credentials: check user and password, or the token)"
    if status == HTTPStatus.FORBIDDEN:
        return " (the user lacks a permission in the engine)"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return " (a redirect: give the engine's final URL, usually ending in /engine-rest)"
    return ""
