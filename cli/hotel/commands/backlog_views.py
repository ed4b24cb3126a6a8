"""Showing the backlog: in place in a terminal, else a block or a line for each change."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from hotel.cluster.scalers import Scaler
from hotel.commands.output import aligned, out, print_json_line, styled
from hotel.tasks.backlog import Backlog
from hotel.tasks.topics import TopicCount


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
        """Show a backlog; what it lacks stays as it was last known."""
        self._last = backlog.completed_by(self._last)
        foot = styled((f"{backlog.at:%H:%M:%S}, every {self._interval:g} s; Ctrl-C ends it", "dim"))
        self._live.update(Group(*lines(self._last), foot), refresh=True)


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
            print_json_line(backlog.to_json())
        else:
            out.line((f"{backlog.at:%H:%M:%S}", "bold"))
            out.lines(lines(backlog))


def lines(backlog: Backlog) -> list[Text]:
    """Return the lines that show a backlog."""
    made: list[Text] = []
    if backlog.topics is not None:
        made += _topic_lines(backlog.topics)
    if backlog.scalers is not None:
        made += [Text(), *_scaler_table(backlog.scalers), *_scaler_lines(backlog.scalers)]
    made += [styled((str(problem), "red")) for problem in backlog.problems.values()]
    return made


def _topic_lines(topics: Sequence[TopicCount]) -> list[Text]:
    headings = [(heading, "bold") for heading in ("topic", "unlocked", "locked", "failed", "suspended")]
    return aligned([headings, *(_topic_row(count) for count in topics)])


def _topic_row(count: TopicCount) -> list[tuple[str, str]]:
    numbers = (count.unlocked, count.locked, count.failed, count.suspended)
    style = "red" if count.failed else "" if any(numbers) else "dim"
    return [(text, style) for text in (count.topic, *map(str, numbers))]


def _scaler_table(scalers: Sequence[Scaler]) -> list[Text]:
    if not scalers:
        return [styled("no ExternalTaskScaler in this namespace")]
    headings = [(heading, "bold") for heading in ("scaler", "replicas", "desired", "unlocked", "locked")]
    return aligned([headings, *(_scaler_row(scaler) for scaler in scalers)])


def _scaler_row(scaler: Scaler) -> list[str]:
    numbers = (scaler.replicas, scaler.desired, scaler.unlocked, scaler.locked)
    return [scaler.name, *("?" if number is None else str(number) for number in numbers)]


def _scaler_lines(scalers: Sequence[Scaler]) -> list[Text]:
    made = []
    for scaler in scalers:
        if scaler.decision:
            made.append(styled(f"{scaler.name}: {scaler.decision}"))
        made += [styled((f"{scaler.name}: {problem}", "yellow")) for problem in scaler.problems]
    return made
