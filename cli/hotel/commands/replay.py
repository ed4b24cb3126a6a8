"""`hotel replay`."""

import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hotel.commands.interruption import on_interrupt
from hotel.commands.options import Json, settings_of
from hotel.commands.output import Styled, note, notes, out, print_json
from hotel.errors import ExitCode, InvalidInput, Unreachable
from hotel.names import Service
from hotel.replay import database_records, service_records
from hotel.replay.invariants import count_violations
from hotel.replay.player import Outcome, Player, play_all
from hotel.replay.records import Records
from hotel.replay.rows import BookingFile, BookingRow, BrokenRow
from hotel.replay.summary import Summary
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.connection import ServiceConnection, connect_engine, connect_services, connected
from hotel.retries import repeat_for

# Long enough for a database or an engine to be restarted under the replay.
_PATIENCE_SECONDS = 120.0
_MOST_CONCURRENCY = 64
# Where no bar can be drawn, a line each so many reservations.
_STRIDE = 100
_RUN_ID = re.compile(r"[A-Za-z0-9._]{1,32}")


def replay(  # noqa: PLR0913  # one argument an option
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Bookings as CSV, .csv or .csv.gz; docs/command.md has the columns.")
    ],
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many rows to play.", show_default="all")
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help="How many rows to leave out first.")] = 0,
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="Reservations begun per second at most.", show_default="no limit"),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=_MOST_CONCURRENCY, help="Reservations at once; 1 plays them one by one.")
    ] = 8,
    run_id: Annotated[
        str | None,
        typer.Option(
            help="Names the run in the references; the same one plays nothing twice.", show_default="random"
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the end of each.")] = 120,
    json: Json = False,
) -> None:
    """Play real bookings, moved ahead by whole weeks; then check what must hold."""
    bookings = BookingFile.read(file)
    # Asked at once and without patience: a replay against nothing fails right away.
    settings = context.with_resource(connected(settings_of(context), services=True))
    engine = context.with_resource(connect_engine(settings))
    HotelReservationClient(engine).count_incidents()
    services = connect_services(settings)
    client = HotelReservationClient(engine, patience_seconds=_PATIENCE_SECONDS)
    player = Player(client, _checked(run_id), bookings.weeks_until(_first_day()), timeout)
    part = bookings.part(offset=offset, limit=limit)
    broken = [row for row in part if isinstance(row, BrokenRow)]
    for row in broken:
        note(f"line {row.line}: {row.problem}")
    began = time.monotonic()
    rows = [row for row in part if isinstance(row, BookingRow)]
    outcomes: list[Outcome] = []
    with on_interrupt(lambda: _what_goes_on(player.run_id, outcomes, rows)):
        if not json:
            note(f"run {player.run_id}: {len(rows)} reservations")
        _play(player, rows, outcomes, concurrency=concurrency, rate=rate, quiet=json)
        seconds = time.monotonic() - began
        source, invariants = _check(client, services, outcomes)
    summary = Summary(player.run_id, player.weeks, outcomes, broken, seconds, invariants, source)
    if json:
        print_json(summary.to_json())
    else:
        _show(summary)
    if not summary.holds:
        raise typer.Exit(ExitCode.VIOLATED)


def _first_day() -> date:
    # Two days ahead of UTC it is tomorrow at least, wherever engine and worker are.
    return datetime.now(UTC).date() + timedelta(days=2)


def _checked(run_id: str | None) -> str:
    if run_id is None:
        return secrets.token_hex(3)
    if not _RUN_ID.fullmatch(run_id):
        raise InvalidInput("--run-id takes 1 to 32 letters, digits, dots and underscores")
    return run_id


def _what_goes_on(run_id: str, outcomes: Sequence[Outcome], rows: Sequence[BookingRow]) -> str:
    return (
        f"{len(outcomes)} of {len(rows)} reservations of run {run_id} have ended, those under way go on; "
        f"`hotel replay … --run-id {run_id}` plays the rest"
    )


def _play(
    player: Player,
    rows: Sequence[BookingRow],
    outcomes: list[Outcome],
    *,
    concurrency: int,
    rate: float | None,
    quiet: bool,
) -> None:
    """Play rows and add what became of each to the outcomes, so that an interrupt does not lose them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    in_place = notes.is_terminal and not quiet
    with Progress(*columns, console=notes.console, disable=not in_place, transient=True) as progress:
        bar = progress.add_task("reservations", total=len(rows))
        for outcome in play_all(player.play, rows, concurrency=concurrency, rate=rate):
            outcomes.append(outcome)
            progress.advance(bar)
            if not (in_place or quiet) and len(outcomes) % _STRIDE == 0:
                note(f"{len(outcomes)} of {len(rows)} reservations have ended")


def _check(
    client: HotelReservationClient,
    services: dict[Service, ServiceConnection],
    outcomes: Sequence[Outcome],
) -> tuple[str, dict[str, int]]:
    source, records = repeat_for(_PATIENCE_SECONDS, lambda: _records(services), passing=(Unreachable,))
    return source, count_violations(records, outcomes, client.count_incidents())


def _records(services: dict[Service, ServiceConnection]) -> tuple[str, Records]:
    databases = {name: service.database_url for name, service in services.items() if service.database_url}
    if len(databases) == len(services):
        return "databases", database_records.read_records(databases)
    return "services", service_records.read_records(services)


def _show(summary: Summary) -> None:
    out.line(
        f"{len(summary.outcomes)} reservations in {summary.seconds:.1f} s, "
        f"{summary.per_second:.1f} per second; "
        f"dates moved by {summary.weeks} weeks; run {summary.run_id}"
    )
    out.table(("end state", "rows"), [(state, str(count)) for state, count in summary.states.items()])
    if summary.broken:
        out.line((f"{len(summary.broken)} broken rows were left out", "yellow"))
    latency = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in summary.latency.items())
    out.line(f"start to end: {latency}")
    out.line()
    rows: list[tuple[Styled, ...]] = [
        (name, ("violated", "red") if count else "holds", str(count))
        for name, count in summary.invariants.items()
    ]
    out.table((f"invariant, from the {summary.source}", "", "violations"), rows)
    for outcome in summary.unmodelled:
        note(f"line {outcome.line}: {outcome.reference}: {outcome.problem}")
