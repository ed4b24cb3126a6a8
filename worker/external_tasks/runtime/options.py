"""The settings of a worker, checked."""

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from external_tasks import checks
from external_tasks.errors import YEAR_SECONDS
from external_tasks.handlers.router import Defaults

LONGEST_POLL_SECONDS = 1800
"""The engine's own limit, 30 minutes."""

MOST_THREADS = 10_000
MOST_ASYNC_SLOTS = 1_000_000
"""More are a mistake, and would take all memory before anybody could be told."""


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How a worker works; see `Worker` for each.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    slots: int = 32
    async_slots: int = 200
    poll_seconds: float = 5.0
    drain_seconds: float = 25.0
    use_priority: bool = False
    oldest_first: bool = False
    cordon_file: Path | None = None
    defaults: Defaults = field(default_factory=Defaults)

    def __post_init__(self) -> None:
        checks.positive_int("slots", self.slots, at_most=MOST_THREADS)
        checks.positive_int("async_slots", self.async_slots, at_most=MOST_ASYNC_SLOTS)
        checks.positive_seconds("poll_seconds", self.poll_seconds, at_most=LONGEST_POLL_SECONDS)
        checks.number("drain_seconds", self.drain_seconds, at_most=YEAR_SECONDS)
        checks.flag("use_priority", self.use_priority)
        checks.flag("oldest_first", self.oldest_first)
        if self.cordon_file is not None:
            if not isinstance(self.cordon_file, str | PathLike) or not str(self.cordon_file):
                raise ValueError(f"cordon_file must be a path, not {self.cordon_file!r}")
            object.__setattr__(self, "cordon_file", Path(self.cordon_file))
