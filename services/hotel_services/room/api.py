"""The room service's HTTP operations."""

from http import HTTPStatus

from sqlalchemy.orm import Session

from hotel_services.kit.clock import now
from hotel_services.kit.fields import Identifier
from hotel_services.kit.operations import Answer, Api
from hotel_services.kit.problems import NOT_FOUND, REFERENCE_TAKEN, RESERVATION_CANCELLED, Problem
from hotel_services.room import search, stays
from hotel_services.room.domain import State, Wish
from hotel_services.room.models import (
    AvailabilityQuery,
    AvailabilityView,
    BlockRequest,
    ReferenceRequest,
    ReleaseView,
    RoomId,
    RoomPage,
    RoomQuery,
    RoomView,
    StayPage,
    StayQuery,
    StayView,
)
from hotel_services.room.settings import RoomSettings
from hotel_services.room.tables import Room, Stay

api = Api("/api/room")


@api.get("/availability", answers=AvailabilityView)
def find_available_rooms(session: Session, query: AvailabilityQuery) -> AvailabilityView:
    """Find the rooms that are free.

    A room is free if no active stay shares a night with the stay asked for; the day of check-out is
    free for the next guest. A hold that has run out counts no more.
    """
    rooms = [search.view_room(room) for room in search.free_rooms(session, query)]
    return AvailabilityView(available=bool(rooms), rooms=rooms)


@api.post(
    "/block",
    answers={HTTPStatus.CREATED: StayView, HTTPStatus.OK: StayView},
    problems=(
        NOT_FOUND,
        REFERENCE_TAKEN,
        RESERVATION_CANCELLED,
        stays.ROOM_NOT_AVAILABLE,
        stays.HOLD_EXPIRED,
        stays.TOO_MANY_GUESTS,
    ),
)
def block_room(session: Session, body: BlockRequest, settings: RoomSettings) -> Answer:
    """Hold a room for a reservation, for a limited time.

    The same request again finds the stay that is there (200).
    """
    wish = Wish(body.room_id, body.check_in, body.check_out, body.guests)
    hold_seconds = body.hold_seconds or settings.hold_seconds
    stay, is_new = stays.block(session, body.reservation_ref, wish, hold_seconds)
    return Answer(StayView.model_validate(stay), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@api.post(
    "/confirm",
    answers={HTTPStatus.OK: StayView},
    problems=(NOT_FOUND, RESERVATION_CANCELLED, stays.HOLD_EXPIRED),
)
def confirm_stay(session: Session, body: ReferenceRequest) -> StayView:
    """Keep a held room for good.

    A hold that has run out stays expired, even if nobody has taken the room since.
    """
    return StayView.model_validate(stays.confirm(session, body.reservation_ref))


@api.post("/release", answers={HTTPStatus.OK: ReleaseView})
def release_room(session: Session, body: ReferenceRequest) -> ReleaseView:
    """Make a reservation's room free, whatever its state.

    A reservation that holds nothing yet will be refused when it comes.
    """
    released = stays.release(session, body.reservation_ref)
    return ReleaseView(reservation_ref=body.reservation_ref, state=State.RELEASED, released=released)


@api.get("/rooms", answers=RoomPage)
def list_rooms(session: Session, query: RoomQuery) -> RoomPage:
    """List the rooms."""
    return search.room_page(session, query)


@api.get("/rooms/{room_id}", answers=RoomView)
def get_room(session: Session, room_id: RoomId) -> RoomView:
    """Show a room."""
    room = session.get(Room, room_id)
    if room is None:
        raise Problem(NOT_FOUND, f"There is no room {room_id}")
    return search.view_room(room)


@api.get("/stays", answers=StayPage)
def list_stays(session: Session, query: StayQuery) -> StayPage:
    """List stays, the youngest first."""
    return search.stay_page(session, query)


@api.get("/stays/{stay_id}", answers=StayView)
def get_stay(session: Session, stay_id: Identifier) -> StayView:
    """Show a stay."""
    stay = session.get(Stay, stay_id)
    if stay is None:
        raise Problem(NOT_FOUND, f"There is no stay {stay_id}")
    return search.view_stay(stay, now(session))
