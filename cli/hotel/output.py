"""What the command prints: results on standard output, progress and errors on standard error."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from hotel.reports import Activity, ReservationResult
from hotel.states import ReservationState

out = Console(highlight=False, soft_wrap=True)
notes = Console(stderr=True, highlight=False, soft_wrap=True)

_COLOURS = {
    ReservationState.CONFIRMED: "green",
    ReservationState.IN_PROGRESS: "yellow",
    ReservationState.FAILED: "red",
    ReservationState.TERMINATED: "red",
}


def print_json(value: Any) -> None:
    """Print a value as JSON, one document."""
    out.print(json.dumps(value, indent=2, ensure_ascii=False, default=str), markup=False)


def note(text: str) -> None:
    """Tell the user what is going on."""
    notes.print(text, markup=False)


def coloured(state: ReservationState, *, suspended: bool = False) -> str:
    """Return a state as marked-up text."""
    text = f"{state} (suspended)" if suspended else str(state)
    return f"[{_COLOURS.get(state, 'cyan')}]{text}[/]"


def table(*headings: str) -> Table:
    """Return an empty table in the command's look."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def pairs(entries: Mapping[str, Any]) -> Table:
    """Return a table of names and values."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, value in entries.items():
        made.add_row(name, plain(value))
    return made


def plain(value: Any) -> str:
    """Return a value as text without mark-up."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("[", r"\[")


def clock(moment: datetime) -> str:
    """Return the time of day, local, to the millisecond."""
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3]


def step_line(activity: Activity) -> str:
    """Return one line about a step of a reservation."""
    took = "" if activity.seconds is None else f"{activity.seconds * 1000:7.0f} ms"
    ending = "  ended by an error or a cancellation" if activity.canceled else ""
    return f"{clock(activity.started_at)}  {activity.name:<34} {took}{ending}"


def print_result(result: ReservationResult) -> None:
    """Print a reservation: its state and what a guest wants to know."""
    timeless = result.seconds is None or result.state is ReservationState.CANCELLED
    took = "" if timeless else f" after {result.seconds:.2f} s"
    out.print(
        f"reservation [bold]{result.reference}[/]: {coloured(result.state, suspended=result.suspended)}{took}"
    )
    if result.reason and result.state is not ReservationState.CONFIRMED:
        out.print(f"  {result.reason}", markup=False)
    shown = {name: result.variables[name] for name in _TOLD if name in result.variables}
    out.print(pairs(shown))


_TOLD = ("booking_id", "client_id", "room_id", "price_per_night", "check_in", "check_out", "table_id")


def print_rows(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table."""
    made = table(*headings)
    for row in rows:
        made.add_row(*row)
    out.print(made)
