"""`hotel retry`."""

from typing import Annotated

import typer

from hotel.commands.options import Json, NoWait, Reference, Timeout, client_of
from hotel.commands.output import note, print_json, print_result
from hotel.commands.waiting import waiting
from hotel.errors import ExitCode
from hotel.reservations.states import ReservationState

_MOST_RETRIES = 100


def retry(  # one argument an option
    context: typer.Context,
    reference: Reference,
    *,
    retries: Annotated[int, typer.Option(min=1, max=_MOST_RETRIES, help="Tries that each gets.")] = 3,
    no_wait: NoWait = False,
    timeout: Timeout = 60,
    json: Json = False,
) -> None:
    """Give the failed tasks of a reservation new tries, which ends its incidents."""
    client = client_of(context)
    count = client.retry(reference, retries=retries)
    if not json:
        note(f"{count} incident(s) ended" if count else "there was no incident")
    with waiting(context, reference):
        result = client.get(reference) if no_wait else client.wait(reference, timeout=timeout)
    if json:
        print_json({"retried": count, **result.to_json()})
    else:
        print_result(result)
    if result.state is ReservationState.IN_PROGRESS and not no_wait:
        raise typer.Exit(ExitCode.INCIDENT)
