"""The one place where a service's refusal becomes an outcome of the task."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from external_tasks.errors import BusinessError, HandlerError, PermanentError, TransientError, shorten
from requests import Response

RESERVATION_CANCELLED = "RESERVATION_CANCELLED"

LONGEST_RETRY_AFTER = 300.0
"""Seconds; a service that asks for more is asked again after these."""

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
    message = f"{call} answered {response.status_code}{detail}"
    expected = {RESERVATION_CANCELLED: RESERVATION_CANCELLED, **expected}
    if isinstance(code, str) and code in expected:
        return BusinessError(expected[code], str(problem.get("detail") or code))
    if response.status_code in _REFUSED_TOKEN:
        return TransientError(f"{message}; set SERVICE_TOKEN to the service's token")
    if response.status_code in _REFUSALS and response.status_code not in _TRANSIENT:
        return PermanentError(message)
    return TransientError(message, retry_after(response.headers.get("Retry-After"), datetime.now(UTC)))


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, in seconds or as a date, as seconds from now; None if there is none."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdecimal() else _seconds_until(header, now)
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _seconds_until(http_date: str, now: datetime) -> float:
    moment = parsedate_to_datetime(http_date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()


def _read_problem(response: Response) -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _sentence(problem: Mapping[str, Any]) -> str:
    """Write a problem's code, detail and fields as the end of a message."""
    fields = [
        f"{error.get('field')}: {error.get('message')}"
        for error in problem.get("errors") or []
        if isinstance(error, dict)
    ]
    parts = [str(problem[name]) for name in ("code", "detail") if problem.get(name)] + fields
    return shorten(f" ({'; '.join(parts)})", 400) if parts else ""
