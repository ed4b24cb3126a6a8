"""The exit code by which a script learns how a reservation ended."""

from hotel.errors import ExitCode
from hotel.reservations.reports import ReservationResult
from hotel.reservations.states import ReservationState


def exit_code_of(result: ReservationResult, *, waited: bool = True) -> ExitCode:
    """Return the exit code for a reservation that was made.

    Args:
        result: the reservation.
        waited: whether its end was waited for; then one that goes on waits for help.
    """
    if result.state is ReservationState.CONFIRMED:
        return ExitCode.OK
    if result.state is ReservationState.IN_PROGRESS:
        return ExitCode.INCIDENT if waited else ExitCode.OK
    return ExitCode.NOT_CONFIRMED
