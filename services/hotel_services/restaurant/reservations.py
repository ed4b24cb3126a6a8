"""Reserving and cancelling tables, each inside the caller's transaction."""

import logging
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotel_services.kit.database.clock import present
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.problems import Problem, ProblemKind
from hotel_services.restaurant.domain import State, TableRequest, sold_out
from hotel_services.restaurant.search import read_floor_plan, taken_tables
from hotel_services.restaurant.tables import TableReservation
from hotel_services.shared.references import REFERENCE_TAKEN, cancel_reference, open_reference

TABLE_NOT_AVAILABLE = ProblemKind(409, "TABLE_NOT_AVAILABLE", "No table is free")

log = logging.getLogger(__name__)


def reserve(session: Session, reservation_ref: str, request: TableRequest) -> tuple[TableReservation, bool]:
    """Reserve the smallest table that seats the party; return the reservation and whether it is new.

    Raises:
        Problem: RESERVATION_CANCELLED, REFERENCE_TAKEN or TABLE_NOT_AVAILABLE.
    """
    is_new_reference = open_reference(session, reservation_ref)
    existing = None if is_new_reference else find(session, reservation_ref)
    if existing is not None:
        return _same_again(existing, request), False
    sold = _sell(session, reservation_ref, request)
    log.info("table reserved", extra={"reservation_ref": reservation_ref, "table_id": sold.table_id})
    return sold, True


def cancel(session: Session, reservation_ref: str) -> bool:
    """Make the reservation's table free, now and for good; return whether one was kept until now."""
    cancel_reference(session, reservation_ref)
    existing = find(session, reservation_ref)
    if existing is None:
        return False
    was_kept = existing.state == State.RESERVED
    existing.state = State.CANCELLED
    log.info("table cancelled", extra={"reservation_ref": reservation_ref, "cancelled": was_kept})
    return was_kept


def find(session: Session, reservation_ref: str) -> TableReservation | None:
    """Return the reservation's table as it is now; the reference's lock keeps it so."""
    wanted = select(TableReservation).where(TableReservation.reservation_ref == reservation_ref)
    return session.scalars(wanted).one_or_none()


def _same_again(existing: TableReservation, request: TableRequest) -> TableReservation:
    if existing.request != request:
        raise Problem(
            REFERENCE_TAKEN, f"Reservation {existing.reservation_ref} has a table for another party or time"
        )
    return existing


def _sell(session: Session, reservation_ref: str, request: TableRequest) -> TableReservation:
    plan = read_floor_plan(session)
    if reason := plan.refusal(request):
        raise Problem(TABLE_NOT_AVAILABLE, reason)
    # A rival may take a table after we saw it free. Each such loss leaves fewer tables, so this ends.
    while offer := plan.offer(request.guests, taken_tables(session, request)):
        if sold := _take(session, reservation_ref, request, offer[0].table_id):
            return sold
    raise Problem(TABLE_NOT_AVAILABLE, sold_out(request))


def _take(
    session: Session, reservation_ref: str, request: TableRequest, table_id: str
) -> TableReservation | None:
    """Take the table unless a rival has; a rival that has not committed yet is waited for."""
    statement = insert_into(session, TableReservation).values(
        table_reservation_id=str(uuid.uuid4()),
        reservation_ref=reservation_ref,
        table_id=table_id,
        date=request.date,
        seating=request.seating,
        guests=request.guests,
        state=State.RESERVED,
        created_at=present(session),
    )
    return session.scalars(statement.on_conflict_do_nothing().returning(TableReservation)).one_or_none()
