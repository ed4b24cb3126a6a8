"""The room service: what is free, holds and stays."""

from typing import Any

from hotel_worker.services.http import Answer, ServiceClient


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

    def block(self, task_id: str, stay: dict[str, Any]) -> Stay:
        """Hold a room.

        Raises:
            BusinessError: ROOM_NOT_AVAILABLE, if another has it; HOLD_EXPIRED, if it was held and that ran
                out; RESERVATION_CANCELLED.
        """
        expected = {"ROOM_NOT_AVAILABLE": "ROOM_NOT_AVAILABLE", "HOLD_EXPIRED": "HOLD_EXPIRED"}
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
