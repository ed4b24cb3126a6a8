"""The room service's HTTP operations."""

from http import HTTPStatus

from sqlalchemy.orm import Session

from hotel_services.kit.database.clock import now
from hotel_services.kit.http.fields import Identifier
from hotel_services.kit.http.operations import Answer, Api
from hotel_services.kit.http.problems import NOT_FOUND, Problem
from hotel_services.room import search, stays
from hotel_services.room.domain import RoomRequest, State
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
from hotel_services.shared.references import REFERENCE_TAKEN, RESERVATION_CANCELLED

api = Api("/api/room")


@api.get("/availability", answers=AvailabilityView)
def find_available_rooms(session: Session, query: AvailabilityQuery) -> AvailabilityView:
    """Find the rooms that are free.

    A room is free if no active stay shares a night with the requested stay; on the day of check-out it is
    free for the next guest. An expired hold does not count.
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
    request = RoomRequest(body.room_id, body.check_in, body.check_out, body.guests)
    hold_seconds = body.hold_seconds or settings.hold_seconds
    stay, is_new = stays.block(session, body.reservation_ref, request, hold_seconds)
    return Answer(StayView.model_validate(stay), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


@api.post(
    "/confirm",
    answers={HTTPStatus.OK: StayView},
    problems=(NOT_FOUND, RESERVATION_CANCELLED, stays.HOLD_EXPIRED),
)
def confirm_stay(session: Session, body: ReferenceRequest) -> StayView:
    """Confirm a held room, so that it has no time limit any more.

    A hold that has run out stays expired, even if nobody has taken the room since.
    """
    return StayView.model_validate(stays.confirm(session, body.reservation_ref))


@api.post("/release", answers={HTTPStatus.OK: ReleaseView})
def release_room(session: Session, body: ReferenceRequest) -> ReleaseView:
    """Make a reservation's room free, whatever its state.

    If the reservation holds nothing yet, a later request to hold a room is refused.
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
