"""`hotel cancel`."""

import typer

from hotel.commands.options import Json, NoWait, Reference, Timeout, client_of
from hotel.commands.output import print_json, print_result
from hotel.commands.waiting import waiting
from hotel.errors import ExitCode
from hotel.reservations.states import ReservationState


def cancel(
    context: typer.Context,
    reference: Reference,
    *,
    no_wait: NoWait = False,
    timeout: Timeout = 60,
    json: Json = False,
) -> None:
    """Cancel a reservation that is in progress or confirmed, and undo what was made for it."""
    with waiting(context, reference):
        result = client_of(context).cancel(reference, wait=not no_wait, timeout=timeout)
    if json:
        print_json(result.to_json())
    else:
        print_result(result)
    if result.state is ReservationState.CANCELLED or no_wait:
        raise typer.Exit(ExitCode.OK)
    goes_on = result.state is ReservationState.IN_PROGRESS
    raise typer.Exit(ExitCode.INCIDENT if goes_on else ExitCode.CONFLICT)
