"""Looking for rooms and stays."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, not_, select
from sqlalchemy.orm import Session

from hotel_services.kit.database.clock import now
from hotel_services.kit.http.paging import fetch_page
from hotel_services.room.domain import State, state_at
from hotel_services.room.models import (
    AvailabilityQuery,
    RoomPage,
    RoomQuery,
    RoomView,
    StayPage,
    StayQuery,
    StayView,
)
from hotel_services.room.stays import active_at, overlapping
from hotel_services.room.tables import Room, RoomType, Stay


def free_rooms(session: Session, query: AvailabilityQuery) -> Sequence[Room]:
    """Return the rooms that are free and large enough, by ascending room_id."""
    taken = exists().where(
        Stay.room_id == Room.room_id,
        overlapping(query.check_in, query.check_out),
        active_at(now(session)),
    )
    rooms = select(Room).join(Room.type).where(RoomType.capacity >= query.guests, not_(taken))
    if query.room_type is not None:
        rooms = rooms.where(Room.room_type == query.room_type)
    return session.scalars(rooms.order_by(Room.room_id)).all()


def room_page(session: Session, query: RoomQuery) -> RoomPage:
    """Return a page of all rooms, or of those of one type."""
    rooms = select(Room).order_by(Room.room_id)
    if query.room_type is not None:
        rooms = rooms.where(Room.room_type == query.room_type)
    rows, total = fetch_page(session, rooms, query)
    items = [view_room(room) for (room,) in rows]
    return RoomPage(items=items, total=total, limit=query.limit, offset=query.offset)


def stay_page(session: Session, query: StayQuery) -> StayPage:
    """Return a page of stays, the youngest first."""
    moment = now(session)
    stays = select(Stay).order_by(Stay.created_at.desc(), Stay.stay_id)
    if query.reservation_ref is not None:
        stays = stays.where(Stay.reservation_ref == query.reservation_ref)
    if query.room_id is not None:
        stays = stays.where(Stay.room_id == query.room_id)
    if query.state is not None:
        stays = stays.where(_is_in(query.state, moment))
    if query.active is not None:
        stays = stays.where(active_at(moment) if query.active else not_(active_at(moment)))
    rows, total = fetch_page(session, stays, query)
    items = [view_stay(stay, moment) for (stay,) in rows]
    return StayPage(items=items, total=total, limit=query.limit, offset=query.offset)


def view_room(room: Room) -> RoomView:
    """Return the room as it is shown."""
    return RoomView(
        room_id=room.room_id,
        room_type=room.room_type,
        type_name=room.type.name,
        capacity=room.type.capacity,
        price_per_night=room.type.price_minor / 100,
        currency=room.type.currency,
    )


def view_stay(stay: Stay, moment: dt.datetime) -> StayView:
    """Return the stay as it counts at that time."""
    shown = StayView.model_validate(stay)
    return shown.model_copy(update={"state": state_at(stay.state, stay.expires_at, moment)})


def _is_in(state: State, moment: dt.datetime) -> ColumnElement[bool]:
    ran_out = (Stay.state == State.HELD) & (Stay.expires_at <= moment)
    match state:
        case State.HELD:
            return (Stay.state == State.HELD) & (Stay.expires_at > moment)
        case State.EXPIRED:
            return (Stay.state == State.EXPIRED) | ran_out
        case _:
            return Stay.state == state
