"""`hotel list`."""

from typing import Annotated

import typer

from hotel.commands.options import Json, client_of
from hotel.commands.output import out, print_json, state_part
from hotel.reservations.reports import ReservationResult
from hotel.reservations.states import ReservationState

_MOST = 10_000


def list_reservations(
    context: typer.Context,
    *,
    state: Annotated[ReservationState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many to leave out.")] = 0,
    json: Json = False,
) -> None:
    """List reservations, the youngest first."""
    found = client_of(context).list_reservations(state, offset=offset, limit=limit)
    if json:
        print_json({"items": [_item(result) for result in found], "limit": limit, "offset": offset})
        return
    rows = [(result.reference, state_part(result.state, suspended=result.suspended)) for result in found]
    out.table(("reference", "state"), rows)
    if len(found) == limit:
        out.line(f"more: --offset {offset + limit}")


def _item(result: ReservationResult) -> dict[str, object]:
    return {
        "reference": result.reference,
        "state": result.state,
        "suspended": result.suspended,
        "seconds": result.seconds,
        "process_instance_id": result.process_instance_id,
    }
