"""The one place where an HTTP answer becomes a value or an error of this package."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from external_tasks.errors import (
    BadRequest,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    LockLost,
    NotFound,
    OptimisticLockingConflict,
    TaskSuspended,
)

_BY_STATUS: Mapping[int, type[EngineError]] = {
    HTTPStatus.UNAUTHORIZED: EngineUnauthorized,
    HTTPStatus.FORBIDDEN: EngineForbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.TOO_MANY_REQUESTS: EngineOverloaded,
    HTTPStatus.BAD_GATEWAY: EngineOverloaded,
    HTTPStatus.SERVICE_UNAVAILABLE: EngineOverloaded,
    HTTPStatus.GATEWAY_TIMEOUT: EngineOverloaded,
}

# The engine has no codes for these: its words are all there is, and both engines use the same ones.
_LOCK_LOST = ("It is locked by worker", "Cannot extend a lock that expired")
_SUSPENDED = "is suspended"
_OVERLOADED = ("too many requests at the same time", "due to shutdown", "shutting down")

# What the loser of a race hears when the engine finds an execution gone that it had just read: its own words,
# or Java's about a null (AbstractCorrelateMessageCmd and EventSubscriptionEntity in both engines).
_OVERTAKEN = (
    "does not have a subscription to a message event",
    "execution is null",
    '"execution" is null',
    'getExecution()" is null',
)

_OPTIMISTIC_LOCKING_CODE = 1


def parse(body: bytes, url: str) -> Any:
    """Read a successful answer; None for an empty one.

    Raises:
        EngineError: the body is not JSON, so the URL does not lead to an engine's REST API.
    """
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise EngineError(
            f"{url} answered with something that is not JSON: the engine's URL usually ends in /engine-rest",
            kind="NotJson",
        ) from error


def to_error(status: int, body: bytes, call: str) -> EngineError:
    """Make the error that an unsuccessful answer means.

    Args:
        status: the HTTP status.
        body: the answer as it came.
        call: method and URL, for the message.
    """
    details = _details(body)
    message = str(details.get("message") or "")
    error = _class_of(status, message, details)
    return error(
        f"{call} answered {status}{_advice(status)}{': ' + message if message else ''}",
        status=status,
        kind=str(details.get("type") or ""),
    )


def _details(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _class_of(status: int, message: str, details: Mapping[str, Any]) -> type[EngineError]:
    if status == HTTPStatus.BAD_REQUEST:
        return _bad_request(message)
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
