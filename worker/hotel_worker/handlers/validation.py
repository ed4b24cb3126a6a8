"""The first task: is it a reservation that can be made, and is its reference free?"""

from typing import Any

from external_tasks import BusinessError, Task
from hotel_rules.days import today

from hotel_worker.reservation import InvalidReservation, Reservation
from hotel_worker.services import Services

INVALID_INPUT = "INVALID_INPUT"


def validate_input(services: Services, task: Task) -> dict[str, Any]:
    """Check every field, then claim the reference for this process instance.

    The claim makes references unique, which the engine does not: of two instances with one reference the
    first goes on.

    Raises:
        BusinessError: INVALID_INPUT with `validation_errors`; DUPLICATE_REFERENCE.
    """
    reservation = _checked(services, task)
    if not services.room.has_type(task.id, reservation.room_type):
        raise _invalid([{"field": "room_type", "message": "is no room type of this hotel"}])
    services.booking.claim(task.id, reservation.reservation_ref, task.process_instance_id)
    return {"valid": True, "nights": reservation.nights}


def _checked(services: Services, task: Task) -> Reservation:
    try:
        return Reservation.from_variables(
            task.variables, business_key=task.business_key, today=today(services.time_zone)
        )
    except InvalidReservation as error:
        raise _invalid(error.errors) from error


def _invalid(errors: list[dict[str, str]]) -> BusinessError:
    message = "; ".join(f"{error['field']}: {error['message']}" for error in errors)
    return BusinessError(INVALID_INPUT, message, {"valid": False, "validation_errors": errors})
