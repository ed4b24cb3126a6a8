"""Showing the backlog: in place in a terminal, else a block or a line for each change."""

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from hotel.backlog import Backlog
from hotel.cluster.scalers import Scaler
from hotel.output import out, table
from hotel.topics import TopicCount


class View(Protocol):
    """Shows one backlog after the other."""

    def show(self, backlog: Backlog) -> None:
        """Show a backlog."""


class LiveView:
    """Redraws in place, for as long as the context lasts."""

    def __init__(self, interval: float) -> None:
        # Unlike the command's own console this one wraps lines: redrawing has to know how many there are.
        self._live = Live(console=Console(highlight=False), auto_refresh=False)
        self._interval = interval
        self._last: Backlog | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, backlog: Backlog) -> None:
        """Show a backlog; what it does not tell stays as it was last known."""
        self._last = backlog.completed_by(self._last)
        foot = f"{backlog.at:%H:%M:%S}, every {self._interval:g} s; Ctrl-C ends it"
        self._live.update(Group(*blocks(self._last), Text(foot, style="dim")), refresh=True)


class ChangeView:
    """Prints a backlog when it differs from the one before.

    Args:
        as_json: one JSON document a line instead of a block of text.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._last: Backlog | None = None

    def show(self, backlog: Backlog) -> None:
        """Print a backlog, unless it is as the last one."""
        if backlog.resembles(self._last):
            return
        self._last = backlog
        if self._as_json:
            out.print(json.dumps(backlog.to_json(), ensure_ascii=False), markup=False)
        else:
            out.print(f"{backlog.at:%H:%M:%S}", style="bold")
            out.print(Group(*blocks(backlog)))


def blocks(backlog: Backlog) -> list[RenderableType]:
    """Return the tables and lines that tell a backlog."""
    made: list[RenderableType] = []
    if backlog.topics is not None:
        made.append(_topic_table(backlog.topics))
    if backlog.scalers is not None:
        made += [Text(), _scaler_table(backlog.scalers), *_scaler_lines(backlog.scalers)]
    made += [Text(str(problem), style="red") for problem in backlog.problems.values()]
    return made


def _topic_table(topics: Sequence[TopicCount]) -> RenderableType:
    made = table("topic", "unlocked", "locked", "failed", "suspended")
    for count in topics:
        numbers = (count.unlocked, count.locked, count.failed, count.suspended)
        style = "red" if count.failed else "" if any(numbers) else "dim"
        made.add_row(count.topic, *map(str, numbers), style=style)
    return made


def _scaler_table(scalers: Sequence[Scaler]) -> RenderableType:
    if not scalers:
        return Text("no ExternalTaskScaler in this namespace")
    made = table("scaler", "replicas", "wanted", "unlocked", "locked")
    for scaler in scalers:
        numbers = (scaler.replicas, scaler.wanted, scaler.unlocked, scaler.locked)
        made.add_row(scaler.name, *("?" if number is None else str(number) for number in numbers))
    return made


def _scaler_lines(scalers: Sequence[Scaler]) -> list[Text]:
    lines = []
    for scaler in scalers:
        if scaler.decision:
            lines.append(Text(f"{scaler.name}: {scaler.decision}"))
        lines += [Text(f"{scaler.name}: {problem}", style="yellow") for problem in scaler.problems]
    return lines
