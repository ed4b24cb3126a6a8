"""Finding, keeping, changing and erasing clients, each inside the caller's transaction."""

import logging
import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotel_services.client.domain import ERASED_NAME, email_key
from hotel_services.client.models import ClientView, CreateRequest, UpdateRequest
from hotel_services.client.tables import Client
from hotel_services.kit.database.clock import now, present
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.idempotency import rewrite_answers
from hotel_services.kit.http.problems import NOT_FOUND, Problem, ProblemKind

EMAIL_TAKEN = ProblemKind(409, "EMAIL_TAKEN", "Another client has this e-mail address")
CLIENT_ERASED = ProblemKind(409, "CLIENT_ERASED", "The client's personal data were erased")

log = logging.getLogger(__name__)


def find_by_email(session: Session, email: str, *, to_keep: bool = False) -> Client | None:
    """Return the client with this address, however it is spelled; an erasure waits for us if `to_keep`."""
    wanted = select(Client).where(Client.email_key == email_key(email))
    return session.scalars(wanted.with_for_update(read=True) if to_keep else wanted).one_or_none()


def create(session: Session, request: CreateRequest) -> tuple[Client, bool]:
    """Return the client with the request's address and whether it is new.

    The database decides which of two that come at once is first; the other gets that one's client.
    """
    statement = insert_into(session, Client).values(
        client_id=str(uuid.uuid4()),
        email_key=email_key(request.email),
        created_at=present(session),
        **request.model_dump(),
    )
    # An erasure may free the address after it was found taken, so that nobody has it; then it is ours.
    while True:
        added = statement.on_conflict_do_nothing(index_elements=["email_key"]).returning(Client)
        if (client := session.scalars(added).one_or_none()) is not None:
            log.info("client created", extra={"client_id": client.client_id})
            return client, True
        # The answer that is kept for a retry must not outlive an erasure, which rewrites those that it finds.
        if (client := find_by_email(session, request.email, to_keep=True)) is not None:
            return client, False


def get(session: Session, client_id: str, *, for_change: bool = False) -> Client:
    """Return the client.

    Raises:
        Problem: NOT_FOUND.
    """
    client = session.get(Client, client_id, with_for_update=for_change or None)
    if client is None:
        raise Problem(NOT_FOUND, f"There is no client {client_id}")
    return client


def change(session: Session, client_id: str, request: UpdateRequest) -> Client:
    """Change the fields that the request names.

    Raises:
        Problem: NOT_FOUND, CLIENT_ERASED or EMAIL_TAKEN.
    """
    client = get(session, client_id, for_change=True)
    if client.erased_at is not None:
        raise Problem(CLIENT_ERASED, f"Nothing can be changed of client {client_id} any more")
    for field, value in request.model_dump(exclude_unset=True).items():
        setattr(client, field, value)
    if "email" in request.model_fields_set:
        client.email_key = email_key(request.email)
    try:
        session.flush()
    except IntegrityError as error:
        raise Problem(EMAIL_TAKEN, "Search for the address to find the client who has it") from error
    log.info("client changed", extra={"client_id": client_id})
    return client


def erase(session: Session, client_id: str) -> Client:
    """Put nothing in place of the client's personal data, here and in answers kept for retries.

    Raises:
        Problem: NOT_FOUND.
    """
    client = get(session, client_id, for_change=True)
    if client.erased_at is None:
        client.first_name = client.last_name = ERASED_NAME
        client.email = client.email_key = client.phone = None
        client.erased_at = now(session)
        session.flush()
        rewrite_answers(session, client_id, ClientView.model_validate(client))
        log.info("client erased", extra={"client_id": client_id})
    return client
