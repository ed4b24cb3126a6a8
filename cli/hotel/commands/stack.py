"""`hotel up` and `hotel down`."""

import time
from typing import Annotated, Literal

import typer

from hotel.commands.options import Json, local_settings_of
from hotel.errors import InvalidInput, StackError
from hotel.output import note, out, pairs, print_json
from hotel.settings import HotelSettings
from hotel.stack.engine import find_jar
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.names import EngineKind, Role
from hotel.stack.ports import Ports
from hotel.stack.up import Plan, bring_up, stop_unbroken, take_down

_MOST_WORKERS = 32
_WATCH_SECONDS = 0.5


def up(  # noqa: PLR0913  # one argument an option
    context: typer.Context,
    *,
    workers: Annotated[int, typer.Option(min=1, max=_MOST_WORKERS, help="How many workers to run.")] = 1,
    engine: Annotated[EngineKind, typer.Option(help="Which engine to run.")] = EngineKind.OPERATON,
    database: Annotated[
        str | None,
        typer.Option(
            help="Keep all data on this PostgreSQL server, postgresql://user:password@host/, "
            "in databases hotel_…, made where they are missing.",
            show_default="files in the home folder",
        ),
    ] = None,
    port_offset: Annotated[int, typer.Option(help="Add this to every port.")] = 0,
    ports: Annotated[
        Literal["usual", "auto"], typer.Option(help="auto: take any free ports instead of the usual ones.")
    ] = "usual",
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay until Ctrl-C, then stop everything.")
    ] = False,
    json: Json = False,
) -> None:
    """Start the local stack: engine, four services, worker; wait until all can work; deploy the processes."""
    settings = local_settings_of(context)
    plan = Plan(
        home=settings.home,
        ports=_ports(ports, port_offset, workers),
        engine=engine,
        database=database,
    )
    stack = bring_up(plan, _options(settings, engine, tied=foreground), note)
    if json:
        print_json(_description(stack))
    else:
        _show(stack, settings)
    if foreground:
        _stay(stack)


def down(
    context: typer.Context,
    *,
    purge: Annotated[bool, typer.Option("--purge", help="Remove the stack's data too.")] = False,
) -> None:
    """Stop the local stack: the workers finish what they have begun; the data stays."""
    if not take_down(local_settings_of(context).home, note, purge=purge):
        note("nothing was running")


def _ports(choice: str, offset: int, workers: int) -> Ports:
    if choice == "auto":
        if offset:
            raise InvalidInput("--port-offset and --ports auto exclude each other")
        return Ports.free(workers=workers)
    return Ports.usual(offset=offset, workers=workers)


def _options(settings: HotelSettings, engine: EngineKind, *, tied: bool) -> StackOptions:
    return StackOptions(
        jar=find_jar(engine, settings.engine_jar),
        java_options=settings.java_options,
        tied=tied,
        ready_seconds=settings.ready_seconds,
    )


def _description(stack: LocalStack) -> dict[str, str]:
    addresses = stack.addresses
    return {
        "engine": addresses.rest,
        "cockpit": addresses.web,
        "management": addresses.management,
        **{str(name): url for name, url in stack.service_urls.items()},
        "home": str(stack.home),
    }


def _show(stack: LocalStack, settings: HotelSettings) -> None:
    out.print("[green]the stack is up[/]")
    out.print(pairs(_description(stack)))
    stack.show_password_once(_show_password)
    home = "" if settings.home == HotelSettings.model_fields["home"].default else f" --home {settings.home}"
    out.print(f"next: hotel{home} reserve --help; hotel{home} down", markup=False)


def _show_password(password: str) -> None:
    out.print("Cockpit's user and password, shown this once and kept in the home folder's stack.json:")
    out.print(f"  {Role.ADMIN} / {password}", markup=False)


def _stay(stack: LocalStack) -> None:
    try:
        note("Ctrl-C stops it")
        while not (ended := stack.ended()):
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        note("stopping")
        stop_unbroken(stack)
        return
    if len(ended) < len(stack.state.processes):
        stop_unbroken(stack)
    raise StackError(f"{', '.join(record.name for record in ended)} ended; {ended[0].log} tells more")
