"""Claiming references and making, confirming and cancelling bookings, inside the caller's transaction."""

import dataclasses
import logging
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotel_services.booking.domain import Content, Status
from hotel_services.booking.tables import Booking, Claim
from hotel_services.kit.database.clock import present
from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.http.problems import NOT_FOUND, Problem
from hotel_services.shared.references import REFERENCE_TAKEN, cancel_reference, open_reference

log = logging.getLogger(__name__)


def claim(session: Session, reservation_ref: str, claimant: str) -> bool:
    """Give the reference to the claimant; return whether that is new.

    The database decides which of several that come at once is first.

    Raises:
        Problem: REFERENCE_TAKEN, if another claimant has it.
    """
    statement = insert_into(session, Claim).values(
        reservation_ref=reservation_ref, claimant=claimant, created_at=present(session)
    )
    added = statement.on_conflict_do_nothing().returning(Claim.reservation_ref)
    if session.scalars(added).one_or_none() is not None:
        log.info("reference claimed", extra={"reservation_ref": reservation_ref, "claimant": claimant})
        return True
    owner = session.scalars(select(Claim.claimant).where(Claim.reservation_ref == reservation_ref)).one()
    if owner != claimant:
        raise Problem(REFERENCE_TAKEN, f"Reservation {reservation_ref} is made by another claimant")
    return False


def create(
    session: Session, reservation_ref: str, content: Content, *, confirm: bool
) -> tuple[Booking, bool]:
    """Make a booking; return it and whether it is new. One that is there is confirmed if `confirm`.

    Raises:
        Problem: RESERVATION_CANCELLED or REFERENCE_TAKEN.
    """
    is_new_reference = open_reference(session, reservation_ref)
    booking = None if is_new_reference else find(session, reservation_ref)
    if booking is None:
        return _add(session, reservation_ref, content, Status.CONFIRMED if confirm else Status.PENDING), True
    if booking.content != content:
        raise Problem(REFERENCE_TAKEN, f"Reservation {reservation_ref} has another booking")
    if confirm:
        booking.status = Status.CONFIRMED
    return booking, False


def confirm(session: Session, reservation_ref: str) -> Booking:
    """Confirm the reservation's booking.

    Raises:
        Problem: RESERVATION_CANCELLED or NOT_FOUND.
    """
    open_reference(session, reservation_ref)
    booking = find(session, reservation_ref)
    if booking is None:
        raise Problem(NOT_FOUND, f"There is no booking for reservation {reservation_ref}")
    if booking.status == Status.PENDING:
        booking.status = Status.CONFIRMED
        log.info("booking confirmed", extra={"reservation_ref": reservation_ref})
    return booking


def cancel(session: Session, reservation_ref: str) -> bool:
    """Cancel the reservation's booking, now and for good; return whether one was alive until now."""
    cancel_reference(session, reservation_ref)
    booking = find(session, reservation_ref)
    if booking is None:
        return False
    was_alive = booking.status != Status.CANCELLED
    booking.status = Status.CANCELLED
    log.info("booking cancelled", extra={"reservation_ref": reservation_ref, "cancelled": was_alive})
    return was_alive


def find(session: Session, reservation_ref: str) -> Booking | None:
    """Return the reservation's booking as it is now; the reference's lock keeps it so."""
    return session.scalars(select(Booking).where(Booking.reservation_ref == reservation_ref)).one_or_none()


def _add(session: Session, reservation_ref: str, content: Content, status: Status) -> Booking:
    statement = insert_into(session, Booking).values(
        booking_id=str(uuid.uuid4()),
        reservation_ref=reservation_ref,
        status=status,
        created_at=present(session),
        **dataclasses.asdict(content),
    )
    booking = session.scalars(statement.returning(Booking)).one()
    log.info("booking created", extra={"reservation_ref": reservation_ref, "booking_id": booking.booking_id})
    return booking
