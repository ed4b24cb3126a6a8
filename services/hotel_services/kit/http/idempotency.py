"""Idempotency keys: an answer is stored in its effect's transaction and sent again to the same request."""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel
from sqlalchemy import Column, Integer, String, Table, Text, delete, func, select, update
from sqlalchemy.orm import Session

from hotel_services.kit.database.clock import now
from hotel_services.kit.database.columns import KIT_METADATA, UtcDateTime, binary_text
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.problems import IDEMPOTENCY_KEY_REUSED, Problem

HEADER = "Idempotency-Key"
REPLAY_HEADER = "Idempotent-Replay"
KEY_PATTERN = r"^[!-~]{1,200}$"

idempotency_keys = Table(
    "idempotency_keys",
    KIT_METADATA,
    Column("idempotency_key", binary_text(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False, index=True),
    Column("status", Integer),
    Column("body", Text),
    Column("subject", String(64), index=True),
)


@dataclass(frozen=True)
class StoredResponse:
    """An answer as it was sent, or will be."""

    status: int
    body: str
    replayed: bool = False

    @property
    def is_problem(self) -> bool:
        """Whether the body is problem+json."""
        return self.status >= HTTPStatus.BAD_REQUEST


def fingerprint(method: str, path: str, body: BaseModel | None) -> str:
    """Return what tells two requests apart: a digest, since a body may hold personal data."""
    content = body.model_dump_json() if body is not None else ""
    return hashlib.sha256(f"{method} {path}\n{content}".encode()).hexdigest()


def acquire_key(session: Session, key: str, request: str) -> StoredResponse | None:
    """Take the key for this request, or return the answer that it was given before.

    A request with the same key that runs at the same time is waited for: its row is visible once it has
    committed.

    Args:
        session: The transaction of the effect.
        key: The Idempotency-Key.
        request: The request's fingerprint.

    Raises:
        Problem: IDEMPOTENCY_KEY_REUSED, if the key stands for another request.
    """
    table = idempotency_keys
    row = {"idempotency_key": key, "fingerprint": request, "created_at": func.current_timestamp()}
    statement = insert_into(session, table).values(row).on_conflict_do_nothing()
    if session.execute(statement.returning(table.c.idempotency_key)).first() is not None:
        return None
    found = session.execute(select(table).where(table.c.idempotency_key == key)).one_or_none()
    if found is None:
        # A sweep deleted it after the insert had found it.
        return acquire_key(session, key, request)
    if found.fingerprint != request:
        raise Problem(IDEMPOTENCY_KEY_REUSED, f"Send a new {HEADER} with a new request")
    return StoredResponse(found.status, found.body, replayed=True)


def store_response(session: Session, key: str, answer: StoredResponse, subject: str | None = None) -> None:
    """Store the answer under the key that this transaction has acquired."""
    session.execute(
        update(idempotency_keys)
        .where(idempotency_keys.c.idempotency_key == key)
        .values(status=answer.status, body=answer.body, subject=subject)
    )


def rewrite_answers(session: Session, subject: str, body: BaseModel) -> None:
    """Replace the body of all stored answers about the subject, whose personal data are erased."""
    session.execute(
        update(idempotency_keys)
        .where(idempotency_keys.c.subject == subject)
        .values(body=body.model_dump_json())
    )


def try_write(session: Session) -> None:
    """Write to the table and undo it, which shows whether the database takes writes."""
    key = f"probe {uuid.uuid4()}"
    acquire_key(session, key, "")
    session.execute(delete(idempotency_keys).where(idempotency_keys.c.idempotency_key == key))


def sweep(session: Session, keep_seconds: int) -> int:
    """Delete the keys that are older than that; return how many."""
    oldest = now(session) - dt.timedelta(seconds=keep_seconds)
    stale = (
        select(idempotency_keys.c.idempotency_key).where(idempotency_keys.c.created_at < oldest).limit(1000)
    )
    gone = delete(idempotency_keys).where(idempotency_keys.c.idempotency_key.in_(stale))
    return len(session.execute(gone.returning(idempotency_keys.c.idempotency_key)).all())
