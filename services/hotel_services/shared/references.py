"""One row for each reservation reference: the lock that orders what is done to it, and its tombstone."""

from http import HTTPStatus
from typing import Annotated

from pydantic import Field
from sqlalchemy import Column, Table, func, select
from sqlalchemy.orm import Session

from hotel_services.kit.database.columns import KIT_METADATA, UtcDateTime, binary_text
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.fields import Form
from hotel_services.kit.http.problems import Problem, ProblemKind

ReservationRef = Annotated[
    str,
    Form(r"^[A-Za-z0-9._-]{1,64}$", "must be 1 to 64 letters, digits, dots, hyphens or underscores"),
    Field(examples=["R-2027-000123"]),
]
"""The reservation's reference, under which a service keeps everything of that reservation."""

REFERENCE_TAKEN = ProblemKind(
    HTTPStatus.CONFLICT, "REFERENCE_TAKEN", "The reservation reference stands for something else"
)
RESERVATION_CANCELLED = ProblemKind(
    HTTPStatus.CONFLICT, "RESERVATION_CANCELLED", "The reservation was cancelled before"
)

reservation_references = Table(
    "reservation_references",
    KIT_METADATA,
    Column("reservation_ref", binary_text(64), primary_key=True),
    Column("cancelled_at", UtcDateTime()),
)


def open_reference(session: Session, reservation_ref: str) -> bool:
    """Take the reference's lock until the transaction ends, for making something under it.

    Whatever is made or cancelled under one reference happens one after the other, so that a cancellation
    and a late making of the same reservation cannot miss each other.

    Returns:
        Whether the reference is new, so that nothing can have been made under it yet.

    Raises:
        Problem: RESERVATION_CANCELLED, if `cancel_reference` came first.
    """
    table = reservation_references
    added = insert_into(session, table).values(reservation_ref=reservation_ref).on_conflict_do_nothing()
    if session.execute(added.returning(table.c.reservation_ref)).first() is not None:
        return True
    locked = select(table.c.cancelled_at).where(table.c.reservation_ref == reservation_ref).with_for_update()
    if session.execute(locked).scalar_one() is not None:
        raise Problem(RESERVATION_CANCELLED, f"Reservation {reservation_ref} was cancelled before")
    return False


def cancel_reference(session: Session, reservation_ref: str) -> None:
    """Take the reference's lock until the transaction ends and leave its tombstone, if there is none yet."""
    table = reservation_references
    row = {"reservation_ref": reservation_ref, "cancelled_at": func.current_timestamp()}
    statement = insert_into(session, table).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["reservation_ref"],
            set_={"cancelled_at": func.coalesce(table.c.cancelled_at, func.current_timestamp())},
        )
    )
