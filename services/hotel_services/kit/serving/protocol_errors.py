"""The answer to what is no HTTP request that can be served, and so never comes as far as the application."""

import logging
import traceback
from http import HTTPStatus

from gunicorn.http import errors

from hotel_services.kit.http import problems
from hotel_services.kit.http.problems import Problem, ProblemKind

_TOO_LARGE = {
    errors.LimitRequestLine: problems.URI_TOO_LONG,
    errors.LimitRequestHeaders: problems.HEADERS_TOO_LARGE,
}
_DETAILS = {
    problems.REQUEST_TIMEOUT: "Send a request without pauses, head and body",
    problems.INTERNAL_ERROR: "The error was logged",
}
_UNREADABLE = "The bytes are not an HTTP request that this service can read"
log = logging.getLogger(__name__)


def refusal(kind: ProblemKind) -> bytes:
    """Return the answer to a request that cannot be served; log that it was refused, without its bytes."""
    log.warning("request refused", extra={"code": kind.code, "status": int(kind.status)})
    return _response(Problem(kind, _DETAILS.get(kind, _UNREADABLE)))


def failure(error: BaseException) -> bytes:
    """Return the answer to a request at which gunicorn failed; quote nothing of the request, nor log it."""
    if isinstance(error, errors.ParseException):
        return refusal(_TOO_LARGE.get(type(error), problems.BAD_REQUEST))
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected error", extra={"error": type(error).__name__, "stack": stack})
    return _response(Problem(problems.INTERNAL_ERROR, _DETAILS[problems.INTERNAL_ERROR]))


def _response(problem: Problem) -> bytes:
    status = HTTPStatus(problem.kind.status)
    body = problem.to_json().encode()
    head = (
        f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
