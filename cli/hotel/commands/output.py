"""What the command prints: results on standard output, progress and errors on standard error.

All text passes `visible` here, from every author, and none of it is read as mark-up: commands print through
this module alone.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from external_tasks.visible import visible
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from hotel.reservations.reports import Activity, ReservationResult
from hotel.reservations.states import ReservationState
from hotel.visible import json_text

Styled = str | tuple[str, str]
"""A text, or a text and its style."""

_COLOURS = {
    ReservationState.CONFIRMED: "green",
    ReservationState.IN_PROGRESS: "yellow",
    ReservationState.FAILED: "red",
    ReservationState.TERMINATED: "red",
}
_GAP = "  "


class _LeavableConsole(Console):
    """rich's console, but a reader that has left is the caller's to handle; rich would end the program."""

    def on_broken_pipe(self) -> None:
        """Raise the error that rich is about to handle."""
        raise BrokenPipeError


class Output:
    """A stream that lines are printed to, in colours where it is a terminal.

    Args:
        to_errors: whether it is standard error.
    """

    def __init__(self, *, to_errors: bool = False) -> None:
        # Lines are not broken: a pipe has no width, and a terminal breaks them by itself.
        self.console = _LeavableConsole(
            stderr=to_errors, highlight=False, markup=False, emoji=False, soft_wrap=True
        )

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at it."""
        return self.console.is_terminal

    def line(self, *parts: Styled) -> None:
        """Print one line; a line end in a part is shown as an escape."""
        self.console.print(styled(*parts))

    def lines(self, texts: Iterable[Text]) -> None:
        """Print lines that `styled` or `aligned` made."""
        for text in texts:
            self.console.print(text)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Styled]]) -> None:
        """Print rows below headings, each column as wide as its longest text."""
        self.lines(aligned([[(heading, "bold") for heading in headings], *rows]))

    def pairs(self, entries: Mapping[str, Any]) -> None:
        """Print names and their values; a value that is no text is shown as JSON."""
        self.lines(aligned([[(name, "bold"), value_text(value)] for name, value in entries.items()]))


out = Output()
notes = Output(to_errors=True)


def set_up_streams() -> None:
    """Let standard output and error take any text: what their encoding cannot hold is written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    _write(sys.stdout, json_text(value, indent=2, encoding=sys.stdout.encoding))


def print_json_line(value: Any) -> None:
    """Print a value as one line of JSON."""
    _write(sys.stdout, json_text(value, encoding=sys.stdout.encoding))


def note(text: str) -> None:
    """Say what is going on; lines after the first are indented, so that none of them looks like a message."""
    first, *others = text.split("\n")
    notes.line(first)
    for line in others:
        notes.line(_GAP, line)


def styled(*parts: Styled) -> Text:
    """Return parts of a line as rich's text, without anything that a terminal would obey."""
    text = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(visible(words), style)
    return text


def aligned(rows: Iterable[Sequence[Styled]]) -> list[Text]:
    """Return rows as lines whose columns begin at the same places."""
    cells = [[styled(cell) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max(cell_len(row[n].plain) for row in cells if n < len(row)) for n in range(columns)]
    return [_padded(row, widths) for row in cells]


def value_text(value: Any) -> str:
    """Return a value as one text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def state_part(state: ReservationState, *, suspended: bool = False) -> tuple[str, str]:
    """Return a reservation's state with its colour."""
    return (f"{state} (suspended)" if suspended else str(state)), _COLOURS.get(state, "cyan")


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
    state = state_part(result.state, suspended=result.suspended)
    out.line("reservation ", (result.reference, "bold"), ": ", state, took)
    if result.reason and result.state is not ReservationState.CONFIRMED:
        out.line(_GAP, result.reason)
    out.pairs({name: result.variables[name] for name in _SHOWN if name in result.variables})


_SHOWN = ("booking_id", "client_id", "room_id", "price_per_night", "check_in", "check_out", "table_id")


def _padded(row: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for cell, width in zip(row, widths, strict=False):
        line.append_text(cell)
        line.append(" " * (width - cell_len(cell.plain)) + _GAP)
    line.rstrip()
    return line


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
