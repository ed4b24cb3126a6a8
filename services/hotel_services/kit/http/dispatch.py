"""What happens between a request and the operation's handler: reading, transaction, idempotency, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Request, Response, request
from sqlalchemy.orm import Session

from hotel_services.kit.database.transactions import Database
from hotel_services.kit.http import idempotency, parsing, problems
from hotel_services.kit.http.idempotency import StoredResponse
from hotel_services.kit.http.operations import Operation, run
from hotel_services.kit.http.problems import Problem
from hotel_services.kit.settings import ServiceSettings

_FINAL = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
"""Statuses of problems that are an operation's result, and so are stored for an Idempotency-Key."""


@dataclass(frozen=True)
class Call:
    """A request whose parts were read and found valid."""

    operation: Operation
    settings: ServiceSettings
    arguments: dict[str, Any]
    key: str | None
    fingerprint: str

    def perform(self, session: Session) -> StoredResponse:
        """Run the handler in the session's transaction, or find what it answered before."""
        if self.key and (before := idempotency.acquire_key(session, self.key, self.fingerprint)):
            return before
        answer = run(self.operation, session, self.settings, self.arguments)
        stored = StoredResponse(answer.status, answer.body.model_dump_json())
        if self.key:
            idempotency.store_response(session, self.key, stored, answer.subject)
        return stored

    def refuse(self, session: Session, stored: StoredResponse) -> StoredResponse:
        """Store a refusal under the key, unless a twin has stored its own answer meanwhile."""
        if self.key is None:
            return stored
        if before := idempotency.acquire_key(session, self.key, self.fingerprint):
            return before
        idempotency.store_response(session, self.key, stored)
        return stored


def make_view(operation: Operation, database: Database, settings: ServiceSettings) -> Callable[..., Response]:
    """Return the Flask view of the operation."""

    def view(**path: str) -> Response:
        call = _read(operation, settings, request, path)
        if not operation.writes:
            return respond(database.read(call.perform))
        try:
            answer = respond(database.write(call.perform))
        except Problem as problem:
            if call.key is None or problem.kind.status not in _FINAL:
                raise
            # The handler's transaction was rolled back; its refusal is stored in a transaction of its own.
            refusal = StoredResponse(problem.kind.status, problem.to_json())
            return respond(database.write(lambda session: call.refuse(session, refusal)))
        if operation.scrubs:
            # After an answer that was kept for a retry as well: the first try may have been cut off here.
            database.scrub()
        return answer

    view.__name__ = operation.name
    return view


def _read(operation: Operation, settings: ServiceSettings, http: Request, path: dict[str, str]) -> Call:
    arguments = parsing.read_path(path, operation.path_parameters)
    arguments["query"] = parsing.read_query(http, operation.query)
    key = parsing.read_idempotency_key(http) if operation.idempotent_by_key else None
    body = parsing.read_body(http, operation.body) if operation.body else None
    arguments["body"] = body
    fingerprint = idempotency.fingerprint(operation.method, http.path, body) if key else ""
    return Call(operation, settings, arguments, key, fingerprint)


def respond(stored: StoredResponse) -> Response:
    """Return the answer as Flask sends it."""
    media_type = problems.MEDIA_TYPE if stored.is_problem else "application/json"
    response = Response(stored.body, stored.status, mimetype=media_type)
    if stored.replayed:
        response.headers[idempotency.REPLAY_HEADER] = "true"
    return response
