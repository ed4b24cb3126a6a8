"""The room service: what is free, holds and stays."""

from typing import Any

from external_tasks.engine.urls import path_segment

from hotel_worker.services.http import Answer, ServiceClient

REFERENCE_TAKEN = "REFERENCE_TAKEN"


class Room(Answer):
    """A room on offer."""

    room_id: str
    room_type: str
    capacity: int
    price_per_night: float


class Availability(Answer):
    """The rooms that are free for a stay."""

    rooms: list[Room]


class RoomCount(Answer):
    """How many rooms a list has."""

    total: int


class Stay(Answer):
    """A room's hold or stay."""

    stay_id: str
    room_id: str
    expires_at: str | None = None


class KeptRoom(Stay):
    """The hold or stay with which a reservation keeps a room from others, and for which nights."""

    check_in: str
    check_out: str
    guests: int


class KeptRooms(Answer):
    """The rooms that are kept."""

    items: list[KeptRoom]


class ReleasedRoom(Answer):
    """What a release did."""

    released: bool


class RoomService:
    """The calls of the process to the room service."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def has_type(self, task_id: str, room_type: str) -> bool:
        """Whether the hotel has any room of that type."""
        query = {"room_type": room_type, "limit": 1}
        return self._http.get("/api/room/rooms", RoomCount, task_id=task_id, query=query).total > 0

    def available(self, task_id: str, stay: dict[str, Any]) -> list[Room]:
        """Return the rooms that are free for `check_in`, `check_out`, `room_type` and `guests`."""
        return self._http.get("/api/room/availability", Availability, task_id=task_id, query=stay).rooms

    def room(self, task_id: str, room_id: str) -> Room:
        """Return a room."""
        return self._http.get(f"/api/room/rooms/{path_segment(room_id)}", Room, task_id=task_id)

    def kept(self, task_id: str, reservation_ref: str) -> KeptRoom | None:
        """Return the room that a reservation keeps already; None if there is none."""
        query = {"reservation_ref": reservation_ref, "active": "true", "limit": 1}
        kept = self._http.get("/api/room/stays", KeptRooms, task_id=task_id, query=query).items
        return kept[0] if kept else None

    def block(self, task_id: str, stay: dict[str, Any]) -> Stay:
        """Hold a room.

        Raises:
            BusinessError: ROOM_NOT_AVAILABLE, if another has it; HOLD_EXPIRED, if it was held and that ran
                out; REFERENCE_TAKEN, if the reservation keeps another room; RESERVATION_CANCELLED.
        """
        codes = ("ROOM_NOT_AVAILABLE", "HOLD_EXPIRED", REFERENCE_TAKEN)
        expected = {code: code for code in codes}
        return self._http.post("/api/room/block", stay, Stay, task_id=task_id, expected=expected)

    def confirm(self, task_id: str, reservation_ref: str) -> Stay:
        """Make the hold of a reference a stay.

        Raises:
            BusinessError: HOLD_EXPIRED, if it is too late; RESERVATION_CANCELLED.
        """
        body = {"reservation_ref": reservation_ref}
        expected = {"HOLD_EXPIRED": "HOLD_EXPIRED"}
        return self._http.post("/api/room/confirm", body, Stay, task_id=task_id, expected=expected)

    def release(self, task_id: str, reservation_ref: str) -> ReleasedRoom:
        """Free the room of a reference; a hold that comes later is refused."""
        body = {"reservation_ref": reservation_ref}
        return self._http.post("/api/room/release", body, ReleasedRoom, task_id=task_id)
