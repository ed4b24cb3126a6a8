"""`hotel list`."""

from typing import Annotated

import typer

from hotel.commands.options import Json, client_of
from hotel.output import coloured, out, print_json, print_rows
from hotel.reports import ReservationResult
from hotel.states import ReservationState

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
    rows = [[result.reference, coloured(result.state, suspended=result.suspended)] for result in found]
    print_rows(["reference", "state"], rows)
    if len(found) == limit:
        out.print(f"more: --offset {offset + limit}")


def _item(result: ReservationResult) -> dict[str, object]:
    return {
        "reference": result.reference,
        "state": result.state,
        "suspended": result.suspended,
        "seconds": result.seconds,
        "process_instance_id": result.process_instance_id,
    }
