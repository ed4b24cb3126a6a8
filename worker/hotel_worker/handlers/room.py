"""The room: chosen, held, confirmed, released."""

from collections.abc import Collection, Iterable
from typing import Any

from external_tasks import BusinessError, PermanentError, Task

from hotel_worker.fields import duration
from hotel_worker.services import Services
from hotel_worker.services.room import REFERENCE_TAKEN, KeptRoom, Room, Stay

ROOM_NOT_AVAILABLE = "ROOM_NOT_AVAILABLE"

GRACE_SECONDS = 60
"""How much longer than the process the room service holds a room, so that the process's limit comes first."""


def choose(rooms: Iterable[Room], guests: int, refused: Collection[str] = ()) -> Room | None:
    """Choose a room: the smallest that fits, of several the one whose id sorts first as text.

    Args:
        rooms: on offer.
        guests: how many it must take.
        refused: ids of rooms that somebody else took when this reservation wanted to hold them.
    """
    fitting = (room for room in rooms if room.capacity >= guests and room.room_id not in refused)
    return min(fitting, key=lambda room: (room.capacity, room.room_id), default=None)


def check_room_availability(  # noqa: PLR0913 - the parameters are the process variables it reads
    services: Services,
    task: Task,
    *,
    reservation_ref: str,
    check_in: str,
    check_out: str,
    room_type: str,
    guests: int,
    rooms_refused: list[str] | None = None,
) -> dict[str, Any]:
    """Select a free room by the rule of `choose`; where none is free, the one that this reservation keeps.

    It keeps one already if it is made a second time, as after a restore of the engine's data.
    """
    stay = {"check_in": check_in, "check_out": check_out, "room_type": room_type, "guests": guests}
    chosen = choose(services.room.available(task.id, stay), guests, rooms_refused or ())
    if chosen is None:
        kept = keeps(services, task, reservation_ref, (check_in, check_out, guests))
        if kept is None:
            return {"roomAvailable": False}
        chosen = services.room.room(task.id, kept.room_id)
    return {"roomAvailable": True, **selected(chosen)}


def selected(room: Room) -> dict[str, Any]:
    """Return the variables that name a room as the selected one."""
    return {"selected_room_id": room.room_id, "price_per_night": room.price_per_night}


def keeps(
    services: Services, task: Task, reservation_ref: str, wanted: tuple[str, str, int]
) -> KeptRoom | None:
    """Return the room that a reservation keeps, if it does so for these nights and guests."""
    kept = services.room.kept(task.id, reservation_ref)
    if kept is None or (kept.check_in, kept.check_out, kept.guests) != wanted:
        return None
    return kept


def block_room(  # noqa: PLR0913 - the parameters are the process variables it reads
    services: Services,
    task: Task,
    *,
    reservation_ref: str,
    selected_room_id: str,
    check_in: str,
    check_out: str,
    guests: int,
    hold_limit: str | None = None,
    rooms_refused: list[str] | None = None,
) -> dict[str, Any]:
    """Hold the selected room, or go on with the one that this reservation keeps for the same nights.

    Raises:
        BusinessError: ROOM_NOT_AVAILABLE, with the room among `rooms_refused`, so that each room is tried
            once and the search for another one ends.
        PermanentError: the reservation keeps a room for other nights or guests.
    """
    hold = {
        "reservation_ref": reservation_ref,
        "room_id": selected_room_id,
        "check_in": check_in,
        "check_out": check_out,
        "guests": guests,
        "hold_seconds": int(duration(hold_limit or "PT15M").total_seconds()) + GRACE_SECONDS,
    }
    try:
        stay = services.room.block(task.id, hold)
    except BusinessError as error:
        if error.code == REFERENCE_TAKEN:
            kept = keeps(services, task, reservation_ref, (check_in, check_out, guests))
            if kept is None:
                raise PermanentError(f"{error.code}: {error.message}") from error
            return {**selected(services.room.room(task.id, kept.room_id)), **held(kept)}
        if error.code != ROOM_NOT_AVAILABLE:
            raise
        refused = [*(rooms_refused or ()), selected_room_id]
        raise BusinessError(error.code, error.message, {"rooms_refused": refused}) from error
    return held(stay)


def held(stay: Stay) -> dict[str, Any]:
    """Return the variables of a room that is held."""
    return {
        "room_id": stay.room_id,
        "room_blocked": True,
        "hold_id": stay.stay_id,
        "hold_expires_at": stay.expires_at,
    }


def confirm_room(services: Services, task: Task, reservation_ref: str) -> dict[str, Any]:
    """Make the hold a stay.

    Raises:
        BusinessError: HOLD_EXPIRED.
    """
    services.room.confirm(task.id, reservation_ref)
    return {"room_confirmed": True}


def release_room(services: Services, task: Task, reservation_ref: str) -> dict[str, Any]:
    """Free the room, held or confirmed; False where there was none."""
    return {"room_released": services.room.release(task.id, reservation_ref).released}
