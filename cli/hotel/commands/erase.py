"""`hotel erase`."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from hotel.commands.interruption import on_interrupt
from hotel.commands.options import Json, settings_of
from hotel.commands.output import note, out, print_json
from hotel.erasure.erasing import Eraser, Found
from hotel.erasure.person import Wanted
from hotel.errors import InvalidInput
from hotel.names import Role, Service
from hotel.reservations.connection import connect_engine, connect_services, connected
from hotel.service_client import ServiceClient
from hotel.settings import HotelSettings
from hotel.stack.leftovers import leftovers_of, note_erasure

_STANDARD_INPUT = "-"


@dataclass(frozen=True)
class _How:
    """What the user decided on beforehand."""

    yes: bool
    dry_run: bool
    cancel: bool
    timeout: float


def erase(  # noqa: PLR0913  # one argument an option
    context: typer.Context,
    *,
    email: Annotated[
        str | None, typer.Option(help="The person's e-mail address; - reads it from standard input.")
    ] = None,
    client_id: Annotated[str | None, typer.Option(help="The person's id in the client service.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Reference of one of the person's reservations; all are erased.")
    ] = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel reservations of the person that have not ended.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be erased and what would stay; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before erasing.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for a cancellation's end.")] = 60,
    json: Json = False,
) -> None:
    """Erase a person from the engine's history and the services; bookings stay, without a person.

    It needs the engine's administrator, or a user with the rights that docs/command.md lists. It may be
    interrupted and repeated.
    """
    wanted = _wanted(email, client_id, reference)
    how = _How(yes=yes, dry_run=dry_run, cancel=cancel, timeout=timeout)
    settings = settings_of(context)
    with _eraser(settings) as eraser:
        found = eraser.find(wanted)
        if not json:
            _show(found)
        erased = not found.is_empty and _is_wanted(how)
        if erased:
            with on_interrupt("what was erased stays erased: run the same command again"):
                _erase(eraser, found, wanted, how, settings)
    if json:
        print_json(_description(found, erased=erased, leftovers=leftovers_of(settings)))
    else:
        _show_end(found, leftovers_of(settings), erased=erased)


def _wanted(email: str | None, client_id: str | None, reference: str | None) -> Wanted:
    given = [value for value in (email, client_id, reference) if value]
    if len(given) != 1:
        raise InvalidInput("name the person by one of --email, --client-id and --reference")
    if client_id in {".", ".."}:
        raise InvalidInput(f"--client-id: {client_id} is not a client's id")
    if email == _STANDARD_INPUT:
        email = sys.stdin.readline().strip()
    return Wanted(email, client_id, reference)


def _is_wanted(how: _How) -> bool:
    if how.dry_run or how.yes:
        return not how.dry_run
    if not sys.stdin.isatty():
        raise InvalidInput("nothing was erased, as nobody can be asked here: add --yes, or --dry-run")
    return typer.confirm("Erase this person? It cannot be taken back.", err=True)


def _erase(eraser: Eraser, found: Found, wanted: Wanted, how: _How, settings: HotelSettings) -> None:
    if how.cancel and found.running:
        for reference in found.running:
            note(f"cancelling reservation {reference}")
            eraser.cancel(reference, how.timeout)
        found = eraser.find(wanted)
    note_erasure(settings)
    eraser.erase(found)


@contextmanager
def _eraser(settings: HotelSettings) -> Iterator[Eraser]:
    with ExitStack() as stack:
        here = stack.enter_context(connected(settings, Role.ADMIN, services=True))
        engine = stack.enter_context(connect_engine(here, Role.ADMIN))
        connections = connect_services(here)
        services: Mapping[Service, ServiceClient] = {
            name: stack.enter_context(ServiceClient(place.url, place.token))
            for name, place in connections.items()
        }
        yield Eraser(engine, services)


def _show(found: Found) -> None:
    out.line(f"process instances in the engine: {len(found.traces)}")
    out.line(f"their reservations: {', '.join(found.references) or 'none'}")
    out.line(f"clients in the client service: {', '.join(found.clients) or 'none'}")


def _show_end(found: Found, leftovers: list[str], *, erased: bool) -> None:
    if found.is_empty:
        out.line("this person was erased before; nothing is left to erase")
    elif erased:
        out.line(("erased", "green"))
    else:
        out.line(("nothing was erased", "yellow"))
    if found.bookings:
        out.line("bookings that stay, without a person:")
        rows = [(b.reference, b.status, b.check_in, b.check_out) for b in found.bookings]
        out.table(("reference", "status", "check-in", "check-out"), rows)
    for process in found.elsewhere:
        note(f"the process {process} holds the person's e-mail address or client id too; it was left alone")
    for leftover in leftovers if erased else ():
        note(leftover)


def _description(found: Found, *, erased: bool, leftovers: list[str]) -> dict[str, Any]:
    return {
        "erased": erased,
        "process_instances": [trace.id for trace in found.traces],
        "reservations": found.references,
        "clients": list(found.clients),
        "remaining_bookings": [asdict(booking) for booking in found.bookings],
        "other_processes": list(found.elsewhere),
        "leftovers": leftovers if erased else [],
    }
