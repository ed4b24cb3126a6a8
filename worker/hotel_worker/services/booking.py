"""The booking service: references and bookings."""

from typing import Any

from hotel_worker.services.http import Answer, ServiceClient


class Claim(Answer):
    """Who has a reference."""

    reservation_ref: str
    claimant: str


class Booking(Answer):
    """A booking."""

    booking_id: str
    status: str


class CancelledBooking(Answer):
    """What a cancellation did."""

    cancelled: bool


class BookingService:
    """The calls of the process to the booking service."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def claim(self, task_id: str, reservation_ref: str, claimant: str) -> Claim:
        """Take a reference for good.

        Raises:
            BusinessError: DUPLICATE_REFERENCE, if somebody else has it.
        """
        return self._http.post(
            "/api/booking/claim",
            {"reservation_ref": reservation_ref, "claimant": claimant},
            Claim,
            task_id=task_id,
            expected={"REFERENCE_TAKEN": "DUPLICATE_REFERENCE"},
        )

    def create(self, task_id: str, booking: dict[str, Any]) -> Booking:
        """Write a confirmed booking.

        Raises:
            BusinessError: RESERVATION_CANCELLED, if it was cancelled first.
        """
        return self._http.post("/api/booking/create", {**booking, "confirm": True}, Booking, task_id=task_id)

    def cancel(self, task_id: str, reservation_ref: str) -> CancelledBooking:
        """Cancel the booking of a reference; one that comes later is refused."""
        return self._http.post(
            "/api/booking/cancel", {"reservation_ref": reservation_ref}, CancelledBooking, task_id=task_id
        )
