"""The one place where a service's refusal becomes an outcome of the task."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from external_tasks.bounded_http import Response, parse_json, retry_after
from external_tasks.errors import BusinessError, HandlerError, PermanentError, TransientError, shorten

RESERVATION_CANCELLED = "RESERVATION_CANCELLED"

_REFUSALS = range(400, 500)
_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_REFUSED_TOKEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def to_error(response: Response, call: str, expected: Mapping[str, str]) -> HandlerError:
    """Say what an answer that is no success means for the task.

    Args:
        response: the answer.
        call: service, method and path, for the message.
        expected: BPMN error codes by the problem codes that the process has a path for.

    Returns:
        A BusinessError for an expected problem, a TransientError for what passes (a wrong token too: it is
        put right without losing reservations), a PermanentError for a refusal that would be repeated.
    """
    problem = _read_problem(response)
    code, detail = problem.get("code"), _sentence(problem)
    message = f"{call} answered {response.status}{detail}"
    expected = {RESERVATION_CANCELLED: RESERVATION_CANCELLED, **expected}
    if isinstance(code, str) and code in expected:
        return BusinessError(expected[code], str(problem.get("detail") or code))
    if response.status in _REFUSED_TOKEN:
        return TransientError(f"{message}; set SERVICE_TOKEN to the service's token")
    if response.status in _REFUSALS and response.status not in _TRANSIENT:
        return PermanentError(message)
    return TransientError(message, retry_after(response.headers.get("Retry-After")))


def _read_problem(response: Response) -> dict[str, Any]:
    try:
        problem = parse_json(response.body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _sentence(problem: Mapping[str, Any]) -> str:
    """Write a problem's code, detail and the names of its fields as the end of a message."""
    errors = problem.get("errors")
    # Without their messages: what is wrong with a value may quote a part of it.
    fields = [
        str(error.get("field"))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    parts = [str(problem[name]) for name in ("code", "detail") if problem.get(name)] + fields
    return shorten(f" ({'; '.join(parts)})", 400) if parts else ""
