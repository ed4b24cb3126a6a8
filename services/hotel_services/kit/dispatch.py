"""What happens between a request and the operation's handler: reading, transaction, idempotency, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Request, Response, request
from sqlalchemy.orm import Session

from hotel_services.kit import idempotency, parsing, problems
from hotel_services.kit.database import Database
from hotel_services.kit.idempotency import Sent
from hotel_services.kit.operations import Operation, run
from hotel_services.kit.problems import Problem
from hotel_services.kit.settings import ServiceSettings

_FINAL = {problems.NOT_FOUND.status, problems.REFERENCE_TAKEN.status}
"""Statuses of problems that are an operation's result, and so are kept for an Idempotency-Key."""


@dataclass(frozen=True)
class Call:
    """A request whose parts were read and found valid."""

    operation: Operation
    settings: ServiceSettings
    arguments: dict[str, Any]
    key: str | None
    fingerprint: str

    def perform(self, session: Session) -> Sent:
        """Run the handler in the session's transaction, or find what it answered before."""
        if self.key and (before := idempotency.claim(session, self.key, self.fingerprint)):
            return before
        answer = run(self.operation, session, self.settings, self.arguments)
        sent = Sent(answer.status, answer.body.model_dump_json())
        if self.key:
            idempotency.keep(session, self.key, sent, answer.subject)
        return sent

    def refuse(self, session: Session, sent: Sent) -> Sent:
        """Keep a refusal under the key, unless a twin has kept its own answer meanwhile."""
        if self.key is None:
            return sent
        if before := idempotency.claim(session, self.key, self.fingerprint):
            return before
        idempotency.keep(session, self.key, sent)
        return sent


def make_view(operation: Operation, database: Database, settings: ServiceSettings) -> Callable[..., Response]:
    """Return the Flask view of the operation."""

    def view(**path: str) -> Response:
        call = _read(operation, settings, request, path)
        if not operation.writes:
            return respond(database.read(call.perform))
        try:
            return respond(database.write(call.perform))
        except Problem as problem:
            if call.key is None or problem.kind.status not in _FINAL:
                raise
            # The handler's transaction is gone with all that it did; its refusal is kept in one of its own.
            refusal = Sent(problem.kind.status, problem.to_json())
            return respond(database.write(lambda session: call.refuse(session, refusal)))

    view.__name__ = operation.name
    return view


def _read(operation: Operation, settings: ServiceSettings, http: Request, path: dict[str, str]) -> Call:
    arguments = parsing.read_path(path, operation.path_parameters)
    arguments["query"] = parsing.read_query(http, operation.query)
    key = parsing.read_idempotency_key(http) if operation.idempotent_by_key else None
    body = parsing.read_body(http, operation.body) if operation.body else None
    arguments["body"] = body
    mark = idempotency.fingerprint(operation.method, http.path, body) if key else ""
    return Call(operation, settings, arguments, key, mark)


def respond(sent: Sent) -> Response:
    """Return the answer as Flask sends it."""
    media_type = problems.MEDIA_TYPE if sent.is_problem else "application/json"
    response = Response(sent.body, sent.status, mimetype=media_type)
    if sent.replayed:
        response.headers[idempotency.REPLAY_HEADER] = "true"
    return response
