"""`hotel up` and `hotel down`."""

import shlex
import time
from typing import Annotated, Literal

import typer

from hotel.commands.interruption import on_interrupt
from hotel.commands.options import Json, local_settings_of
from hotel.commands.output import note, out, print_json
from hotel.errors import InvalidInput, StackError
from hotel.names import EngineKind, Role
from hotel.ports import Ports
from hotel.settings import HotelSettings
from hotel.stack.engine import find_jar
from hotel.stack.local import LocalStack, StackOptions
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
            "in databases that begin with hotel_, made where they are missing.",
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
    with on_interrupt("what was started is stopped again"):
        stack = bring_up(plan, _options(settings, engine, die_with_parent=foreground), note)
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
    settings = local_settings_of(context)
    if not take_down(settings.home, note, purge=purge, jar=settings.engine_jar):
        note("nothing was running")


def _ports(choice: str, offset: int, workers: int) -> Ports:
    if choice == "auto":
        if offset:
            raise InvalidInput("--port-offset and --ports auto exclude each other")
        return Ports.free(workers=workers)
    return Ports.usual(offset=offset, workers=workers)


def _options(settings: HotelSettings, engine: EngineKind, *, die_with_parent: bool) -> StackOptions:
    return StackOptions(
        jar=find_jar(engine, settings.engine_jar),
        java_options=settings.java_options,
        die_with_parent=die_with_parent,
        history_time_to_live=settings.history_time_to_live,
        ready_seconds=settings.ready_seconds,
    )


def _description(stack: LocalStack) -> dict[str, str]:
    addresses = stack.addresses
    return {
        "engine": addresses.rest,
        "cockpit": addresses.cockpit,
        "management": addresses.management,
        **{str(name): url for name, url in stack.service_urls.items()},
        "home": str(stack.home),
    }


def _show(stack: LocalStack, settings: HotelSettings) -> None:
    out.line(("the stack is up", "green"))
    out.pairs(_description(stack))
    stack.show_password_once(_show_password)
    usual = settings.home == HotelSettings.model_fields["home"].default
    home = "" if usual else f" --home {shlex.quote(str(settings.home))}"
    out.line(f"next: hotel reserve --help; hotel ps{home}; hotel down{home}")


def _show_password(password: str) -> None:
    out.line("Cockpit's user and password, shown this once; `hotel ps --passwords` shows them again:")
    out.line(f"  {Role.ADMIN} / {password}")


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
    raise StackError(f"{', '.join(record.name for record in ended)} ended; see {ended[0].log}")
