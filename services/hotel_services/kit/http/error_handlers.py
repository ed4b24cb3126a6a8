"""Every way in which a request can fail, turned into problem+json in this one place."""

import logging
import traceback

from flask import Flask, Response
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from hotel_services.kit.database.transactions import DatabaseUnavailableError
from hotel_services.kit.http import problems
from hotel_services.kit.http.problems import Problem, ProblemKind

RETRY_AFTER_SECONDS = 1
_BY_STATUS = {
    kind.status: kind
    for kind in (
        problems.BAD_REQUEST,
        problems.NOT_FOUND,
        problems.METHOD_NOT_ALLOWED,
        problems.CONTENT_TOO_LARGE,
        problems.UNSUPPORTED_MEDIA_TYPE,
    )
}
log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(Problem, _send)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ParseException, _unreadable)
    app.register_error_handler(DatabaseUnavailableError, _unavailable)
    app.register_error_handler(Exception, _unexpected)


def _send(problem: Problem) -> Response:
    response = Response(problem.to_json(), problem.kind.status, mimetype=problems.MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or problems.INTERNAL_ERROR.status
    kind = _BY_STATUS.get(status) or ProblemKind(status, error.name.upper().replace(" ", "_"), error.name)
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return _send(Problem(kind, f"{kind.title}; see /docs", headers=headers))


def _unreadable(_error: ParseException) -> Response:
    # gunicorn passes a body on before it has read its chunks.
    return _send(Problem(problems.BAD_REQUEST, "The chunks of the body are not valid HTTP"))


def _unavailable(error: DatabaseUnavailableError) -> Response:
    log.warning("database unavailable", extra={"reason": str(error)})
    problem = Problem(
        problems.DATABASE_UNAVAILABLE,
        "The database cannot work at present; send the same request again later",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
    return _send(problem)


def _unexpected(error: Exception) -> Response:
    # The place but not the message, in which a database or a validator may quote personal data.
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected error", extra={"error": type(error).__name__, "stack": stack})
    return _send(Problem(problems.INTERNAL_ERROR, "The error was logged under this answer's X-Request-ID"))
