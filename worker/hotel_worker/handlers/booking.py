"""The booking: what remains of a reservation."""

from typing import Any

from external_tasks import Task

from hotel_worker.services import Services


def create_booking(  # noqa: PLR0913 - the parameters are the process variables it reads
    services: Services,
    task: Task,
    *,
    reservation_ref: str,
    client_id: str,
    room_id: str,
    check_in: str,
    check_out: str,
    guests: int,
    table_id: str | None = None,
) -> dict[str, Any]:
    """Write the booking, confirmed at once: room and table are ours by now."""
    content = {
        "reservation_ref": reservation_ref,
        "client_id": client_id,
        "room_id": room_id,
        "check_in": check_in,
        "check_out": check_out,
        "guests": guests,
        "table_id": table_id,
    }
    created = services.booking.create(task.id, content)
    return {"booking_id": created.booking_id, "status": created.status}


def cancel_booking(services: Services, task: Task, reservation_ref: str) -> dict[str, Any]:
    """Cancel the booking; False where there was none."""
    return {"booking_cancelled": services.booking.cancel(task.id, reservation_ref).cancelled}
