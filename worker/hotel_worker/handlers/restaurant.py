"""The table on the evening of arrival."""

from typing import Any

from external_tasks import Task

from hotel_worker.services import Services


def reserve_table(
    services: Services,
    task: Task,
    reservation_ref: str,
    check_in: str,
    guests: int,
    table_seating: str | None = None,
) -> dict[str, Any]:
    """Reserve a table.

    Raises:
        BusinessError: TABLE_NOT_AVAILABLE; the process goes on without one.
    """
    wish = {
        "reservation_ref": reservation_ref,
        "date": check_in,
        "seating": table_seating or "19:00",
        "guests": guests,
    }
    return {"table_id": services.restaurant.reserve(task.id, wish).table_id, "table_reserved": True}


def cancel_table(services: Services, task: Task, reservation_ref: str) -> dict[str, Any]:
    """Cancel the table; False where there was none."""
    return {"table_cancelled": services.restaurant.cancel(task.id, reservation_ref).cancelled}
