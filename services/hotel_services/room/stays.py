"""Holding, confirming and releasing rooms, each inside the caller's transaction."""

import datetime as dt
import logging
import uuid

from sqlalchemy import ColumnElement, Update, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hotel_services.kit.database.clock import now
from hotel_services.kit.http.problems import NOT_FOUND, Problem, ProblemKind
from hotel_services.room.domain import ACTIVE, RoomRequest, State, state_at
from hotel_services.room.tables import Room, Stay
from hotel_services.shared.references import REFERENCE_TAKEN, cancel_reference, open_reference

ROOM_NOT_AVAILABLE = ProblemKind(409, "ROOM_NOT_AVAILABLE", "The room is not free on these nights")
HOLD_EXPIRED = ProblemKind(409, "HOLD_EXPIRED", "The hold has run out")
TOO_MANY_GUESTS = ProblemKind(409, "TOO_MANY_GUESTS", "The room does not take so many guests")

_SWEEP_ROWS = 500
log = logging.getLogger(__name__)


def overlapping(check_in: dt.date, check_out: dt.date) -> ColumnElement[bool]:
    """Return the condition that a stay shares a night with these."""
    return and_(Stay.check_in < check_out, Stay.check_out > check_in)


def active_at(moment: dt.datetime) -> ColumnElement[bool]:
    """Return the condition that a stay keeps its room from others at that time."""
    held = and_(Stay.state == State.HELD, Stay.expires_at > moment)
    return or_(Stay.state == State.CONFIRMED, held)


def block(
    session: Session, reservation_ref: str, request: RoomRequest, hold_seconds: int
) -> tuple[Stay, bool]:
    """Hold a room; return the stay and whether it is new.

    Raises:
        Problem: RESERVATION_CANCELLED, REFERENCE_TAKEN, HOLD_EXPIRED, NOT_FOUND (the room),
            TOO_MANY_GUESTS or ROOM_NOT_AVAILABLE.
    """
    is_new = open_reference(session, reservation_ref)
    if not is_new and (existing := find(session, reservation_ref)) is not None:
        return _same_again(session, existing, request), False
    _lock_room(session, request)
    moment = now(session)
    _make_way(session, request, moment)
    stay = Stay(
        stay_id=str(uuid.uuid4()),
        reservation_ref=reservation_ref,
        room_id=request.room_id,
        check_in=request.check_in,
        check_out=request.check_out,
        guests=request.guests,
        state=State.HELD,
        expires_at=moment + dt.timedelta(seconds=hold_seconds),
        created_at=moment,
    )
    session.add(stay)
    try:
        session.flush()
    except IntegrityError as error:
        raise _taken(request) from error
    log.info("room held", extra={"reservation_ref": reservation_ref, "room_id": request.room_id})
    return stay, True


def confirm(session: Session, reservation_ref: str) -> Stay:
    """Turn the hold into a stay without a time limit.

    Raises:
        Problem: RESERVATION_CANCELLED, HOLD_EXPIRED or NOT_FOUND.
    """
    open_reference(session, reservation_ref)
    stay = find(session, reservation_ref)
    if stay is None:
        raise Problem(NOT_FOUND, f"No room was held for reservation {reservation_ref}")
    _refuse_expired(session, stay)
    if stay.state == State.HELD:
        stay.state = State.CONFIRMED
        log.info("stay confirmed", extra={"reservation_ref": reservation_ref, "room_id": stay.room_id})
    return stay


def release(session: Session, reservation_ref: str) -> bool:
    """Make the reservation's room free, now and for good; return whether one was kept until now."""
    cancel_reference(session, reservation_ref)
    stay = find(session, reservation_ref)
    if stay is None:
        return False
    was_kept = state_at(stay.state, stay.expires_at, now(session)) in ACTIVE
    stay.state = State.RELEASED
    log.info("room released", extra={"reservation_ref": reservation_ref, "released": was_kept})
    return was_kept


def find(session: Session, reservation_ref: str) -> Stay | None:
    """Return the reservation's stay as it is now, kept from others until the transaction ends."""
    wanted = select(Stay).where(Stay.reservation_ref == reservation_ref).with_for_update()
    return session.scalars(wanted).one_or_none()


def sweep(session: Session) -> int:
    """Note a batch of holds as expired that have run out; return how many."""
    ran_out = and_(Stay.state == State.HELD, Stay.expires_at <= now(session))
    # Rows that a request is working on are its own to settle.
    batch = select(Stay.stay_id).where(ran_out).limit(_SWEEP_ROWS).with_for_update(skip_locked=True)
    return len(session.scalars(_expire(Stay.stay_id.in_(batch)).returning(Stay.stay_id)).all())


def _same_again(session: Session, stay: Stay, request: RoomRequest) -> Stay:
    if stay.request != request:
        raise Problem(
            REFERENCE_TAKEN, f"Reservation {stay.reservation_ref} holds another room or other nights"
        )
    _refuse_expired(session, stay)
    return stay


def _refuse_expired(session: Session, stay: Stay) -> None:
    if state_at(stay.state, stay.expires_at, now(session)) is State.EXPIRED:
        raise Problem(HOLD_EXPIRED, f"The hold of reservation {stay.reservation_ref} has run out")


def _lock_room(session: Session, request: RoomRequest) -> None:
    """Let those who want the same room come one after the other, and see that it takes the guests."""
    wanted = select(Room).where(Room.room_id == request.room_id)
    room = session.scalars(wanted.with_for_update(of=Room, key_share=True)).one_or_none()
    if room is None:
        raise Problem(NOT_FOUND, f"There is no room {request.room_id}")
    if request.guests > room.type.capacity:
        raise Problem(TOO_MANY_GUESTS, f"Room {request.room_id} takes {room.type.capacity} guests")


def _make_way(session: Session, request: RoomRequest, moment: dt.datetime) -> None:
    """See that the room is free; take holds that ran out from under the constraint, which knows no time.

    Raises:
        Problem: ROOM_NOT_AVAILABLE.
    """
    in_the_way = select(Stay.stay_id, Stay.state, Stay.expires_at).where(
        Stay.room_id == request.room_id,
        Stay.state.in_(ACTIVE),
        overlapping(request.check_in, request.check_out),
    )
    found = session.execute(in_the_way).all()
    if any(state_at(stay.state, stay.expires_at, moment) in ACTIVE for stay in found):
        raise _taken(request)
    if found:
        session.execute(_expire(Stay.stay_id.in_([stay.stay_id for stay in found])))


def _expire(which: ColumnElement[bool]) -> Update:
    return (
        update(Stay)
        .where(which, Stay.state == State.HELD)
        .values(state=State.EXPIRED)
        .execution_options(synchronize_session=False)
    )


def _taken(request: RoomRequest) -> Problem:
    return Problem(
        ROOM_NOT_AVAILABLE,
        f"Room {request.room_id} is taken on nights from {request.check_in} to {request.check_out}",
    )
