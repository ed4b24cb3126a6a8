"""What is answered to bytes that are no HTTP request, which never come as far as the application."""

import contextlib
import logging
import socket
import traceback
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from hotel_services.kit import problems
from hotel_services.kit.problems import Problem

_TOO_LARGE = {
    errors.LimitRequestLine: problems.URI_TOO_LONG,
    errors.LimitRequestHeaders: problems.HEADERS_TOO_LARGE,
}
log = logging.getLogger(__name__)


class ProblemWorker(ThreadWorker):
    """gunicorn's worker with threads, whose own refusals are problems and quote nothing of the request.

    The original shows the offending line to the client and writes it to the log, where an address with
    personal data or a header with a token has no place.
    """

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:  # noqa: ARG002 - gunicorn's signature
        """Answer a request that could not be read, or that made the application itself fail."""
        problem = _problem(exc)
        facts = {"error": type(exc).__name__, "status": problem.kind.status}
        if problem.kind is problems.INTERNAL_ERROR:
            stack = "".join(traceback.format_tb(exc.__traceback__))
            log.error("unexpected error", extra={**facts, "stack": stack})
        else:
            log.warning("unreadable request", extra=facts)
        with contextlib.suppress(OSError):
            client.sendall(_response(problem))


def _problem(error: BaseException) -> Problem:
    if not isinstance(error, errors.ParseException):
        return Problem(problems.INTERNAL_ERROR, "The error was logged")
    kind = _TOO_LARGE.get(type(error), problems.BAD_REQUEST)
    return Problem(kind, "What was sent is no HTTP request that this service can read")


def _response(problem: Problem) -> bytes:
    status = HTTPStatus(problem.kind.status)
    body = problem.to_json().encode()
    head = (
        f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
