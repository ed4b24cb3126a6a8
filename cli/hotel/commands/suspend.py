"""`hotel suspend` and `hotel resume`."""

import typer

from hotel.commands.options import Json, Reference, client_of
from hotel.commands.output import print_json, print_result
from hotel.reservations.reports import ReservationResult


def suspend(context: typer.Context, reference: Reference, *, json: Json = False) -> None:
    """Suspend a reservation: it waits where it stands."""
    _show(client_of(context).suspend(reference), json=json)


def resume(context: typer.Context, reference: Reference, *, json: Json = False) -> None:
    """Resume a suspended reservation."""
    _show(client_of(context).resume(reference), json=json)


def _show(result: ReservationResult, *, json: bool) -> None:
    if json:
        print_json(result.to_json())
    else:
        print_result(result)
