"""`hotel status`."""

import typer

from hotel.commands.options import Json, Reference, client_of
from hotel.commands.output import note, out, print_json, print_result, step_line
from hotel.reservations.reports import ReservationStatus


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
        out.line(f"  stands at: {activity.name}")
    for incident in found.incidents:
        out.line(("incident", "red"), f" at {incident.activity_id}: {incident.message}")
    out.line()
    out.line(("what happened", "bold"))
    for activity in found.activities:
        if activity.is_work:
            out.line(step_line(activity))
    out.line()
    out.line(("variables", "bold"))
    out.pairs(dict(sorted(found.result.variables.items())))
    if found.incidents:
        note(f"when the cause is fixed, run: hotel retry {found.result.reference}")
