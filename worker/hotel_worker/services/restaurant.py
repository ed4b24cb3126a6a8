"""The restaurant service: tables for an evening."""

from typing import Any

from hotel_worker.services.http import Answer, ServiceClient


class TableReservation(Answer):
    """A table that is reserved."""

    table_id: str


class CancelledTable(Answer):
    """What a cancellation did."""

    cancelled: bool


class RestaurantService:
    """The calls of the process to the restaurant service."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def reserve(self, task_id: str, table: dict[str, Any]) -> TableReservation:
        """Reserve the smallest free table that fits.

        Raises:
            BusinessError: TABLE_NOT_AVAILABLE; RESERVATION_CANCELLED.
        """
        return self._http.post(
            "/api/restaurant/reserve",
            table,
            TableReservation,
            task_id=task_id,
            expected={"TABLE_NOT_AVAILABLE": "TABLE_NOT_AVAILABLE"},
        )

    def cancel(self, task_id: str, reservation_ref: str) -> CancelledTable:
        """Cancel the table of a reference; one that comes later is refused."""
        body = {"reservation_ref": reservation_ref}
        return self._http.post("/api/restaurant/cancel", body, CancelledTable, task_id=task_id)
