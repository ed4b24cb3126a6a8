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

from hotel.client import HotelReservationClient
from hotel.commands.options import Json, settings_of
from hotel.connection import ServiceConnection, connect_engine, connect_services, reached
from hotel.errors import ExitCode, InvalidInput, Unreachable
from hotel.output import note, notes, out, print_json, print_rows
from hotel.patience import patiently
from hotel.replay import database_records, service_records
from hotel.replay.invariants import count_violations
from hotel.replay.player import Outcome, Player, play_all
from hotel.replay.records import Records
from hotel.replay.rows import BookingFile, BookingRow, BrokenRow
from hotel.replay.summary import Summary
from hotel.stack.names import Service

# Long enough for a database or an engine to be restarted under the replay.
_PATIENCE_SECONDS = 120.0
_MOST_CONCURRENCY = 64
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
    settings = context.with_resource(reached(settings_of(context), services=True))
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
    outcomes = _play(player, rows, concurrency=concurrency, rate=rate, quiet=json)
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


def _play(
    player: Player, rows: Sequence[BookingRow], *, concurrency: int, rate: float | None, quiet: bool
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = quiet or not notes.is_terminal
    with Progress(*columns, console=notes, disable=hidden, transient=True) as progress:
        bar = progress.add_task("reservations", total=len(rows))
        for outcome in play_all(player.play, rows, concurrency=concurrency, rate=rate):
            outcomes.append(outcome)
            progress.advance(bar)
    return outcomes


def _check(
    client: HotelReservationClient,
    services: dict[Service, ServiceConnection],
    outcomes: Sequence[Outcome],
) -> tuple[str, dict[str, int]]:
    source, records = patiently(lambda: _records(services), passing=(Unreachable,), seconds=_PATIENCE_SECONDS)
    return source, count_violations(records, outcomes, client.count_incidents())


def _records(services: dict[Service, ServiceConnection]) -> tuple[str, Records]:
    databases = {name: service.database_url for name, service in services.items() if service.database_url}
    if len(databases) == len(services):
        return "databases", database_records.read_records(databases)
    return "services", service_records.read_records(services)


def _show(summary: Summary) -> None:
    out.print(
        f"{len(summary.outcomes)} reservations in {summary.seconds:.1f} s, "
        f"{summary.per_second:.1f} per second; "
        f"dates moved by {summary.weeks} weeks; run {summary.run_id}"
    )
    print_rows(["end state", "rows"], [[state, str(count)] for state, count in summary.states.items()])
    if summary.broken:
        out.print(f"[yellow]{len(summary.broken)} broken rows were left out[/]")
    latency = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in summary.latency.items())
    out.print(f"start to end: {latency}\n")
    rows = [
        [name, "[red]violated[/]" if count else "holds", str(count)]
        for name, count in summary.invariants.items()
    ]
    print_rows([f"invariant, from the {summary.source}", "", "violations"], rows)
    for outcome in summary.unmodelled:
        note(f"line {outcome.line}: {outcome.reference}: {outcome.problem}")
