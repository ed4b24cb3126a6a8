"""`hotel status`."""

import typer

from hotel.commands.options import Json, Reference, client_of
from hotel.output import note, out, pairs, print_json, print_result, step_line
from hotel.reports import ReservationStatus


def status(context: typer.Context, reference: Reference, *, json: Json = False) -> None:
    """Show where a reservation stands, its variables, what happened when, and its incidents."""
    found = client_of(context).status(reference)
    if json:
        print_json(found.to_json())
    else:
        _show(found)


def _show(found: ReservationStatus) -> None:
    print_result(found.result)
    for activity in found.standing:
        out.print(f"  stands at: {activity.name}", markup=False)
    for incident in found.incidents:
        out.print(f"[red]incident[/] at {incident.activity_id}: ", end="")
        out.print(incident.message, markup=False)
    out.print("\n[bold]what happened[/]")
    for activity in found.activities:
        if activity.is_work:
            out.print(step_line(activity), markup=False)
    out.print("\n[bold]variables[/]")
    out.print(pairs(dict(sorted(found.result.variables.items()))))
    if found.incidents:
        note(f"once the cause is mended: hotel retry {found.result.reference}")
