"""`hotel reserve`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hotel.commands.options import Json, NoWait, Timeout, client_of
from hotel.commands.outcome import exit_code_of
from hotel.commands.output import note, print_json, print_result
from hotel.commands.steps import StepPrinter
from hotel.commands.waiting import waiting
from hotel.errors import InvalidInput
from hotel.reservations.reservation import Reservation
from hotel.reservations.reservation_file import read_reservation


def reserve(  # noqa: PLR0913  # one argument an option
    context: typer.Context,
    *,
    first_name: Annotated[str | None, typer.Option(help="The guest's first name. Required.")] = None,
    last_name: Annotated[str | None, typer.Option(help="The guest's last name. Required.")] = None,
    email: Annotated[str | None, typer.Option(help="The guest's e-mail address. Required.")] = None,
    phone: Annotated[str | None, typer.Option(help="The guest's phone number.")] = None,
    check_in: Annotated[str | None, typer.Option(help="First night, e.g. 2027-06-01. Required.")] = None,
    check_out: Annotated[
        str | None, typer.Option(help="Day of departure, e.g. 2027-06-04. Required.")
    ] = None,
    room_type: Annotated[str | None, typer.Option(help="Room type, A to F as shipped. Required.")] = None,
    guests: Annotated[int | None, typer.Option(help="How many people will stay. Required.")] = None,
    table: Annotated[
        bool | None,
        typer.Option("--table/--no-table", help="A table on the evening of arrival.", show_default=False),
    ] = None,
    seating: Annotated[str | None, typer.Option(help="When to sit down, e.g. 19:00.")] = None,
    hold_limit: Annotated[str | None, typer.Option(help="How long the room may be held, e.g. PT15M.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Reference of the reservation; repeated, it returns the same one.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="JSON file with the fields, - for standard input; options go before its fields."),
    ] = None,
    no_wait: NoWait = False,
    timeout: Timeout = 60,
    json: Json = False,
) -> None:
    """Make a reservation; print each step as it happens, then the result.

    The required fields come from options or from --file.
    """
    options: dict[str, Any] = {
        "first_name": first_name,
        "last_name": last_name,
        "email": email,
        "phone": phone,
        "check_in": check_in,
        "check_out": check_out,
        "room_type": room_type,
        "guests": guests,
        "table_wanted": table,
        "table_seating": seating,
        "hold_limit": hold_limit,
        "reservation_ref": reference,
    }
    reservation = Reservation.parse(_fields(options, file))
    client = client_of(context)
    if not json:
        note(f"reservation {reservation.reservation_ref}")
    reference = reservation.reservation_ref
    with waiting(context, reference):
        result = client.create_reservation(
            reservation,
            wait=not no_wait,
            timeout=timeout,
            watch=None if json else StepPrinter(client, note),
        )
    if json:
        print_json(result.to_json())
    else:
        print_result(result)
    raise typer.Exit(exit_code_of(result, waited=not no_wait))


def _fields(options: dict[str, Any], file: Path | None) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if file is None and not given:
        raise InvalidInput("give the reservation by options or by --file; `hotel reserve --help` lists them")
    return {**(read_reservation(file) if file else {}), **given}
