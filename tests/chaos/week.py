"""A week of work in some hours: reservations all the time, and every minute a fault of a random kind."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos import report
from chaos.arena import Arena, Database, arena
from chaos.experiment import Row, run
from chaos.faults import FAULTS, Fault

RESERVATIONS = 72_000
HOURS = 6.0
RATE = 3.4
"""Reservations per second: with the hours above about as many as asked for."""

PART_SECONDS = 600.0
"""Of load between two looks at everything on record."""

MINUTE = 60.0
KINDS = tuple(name for name, fault in FAULTS.items() if not fault.once and fault.database is Database.PLAIN)
"""What may happen again and again on one database: a failover needs its standby back first."""


class Mixed:
    """Faults of random kinds, each at the first whole period after the one before.

    Args:
        seed: the same one makes the same kinds in the same order.
        seconds: of a period.
        clock: gives seconds.
        sleep: waits so many.
    """

    def __init__(
        self,
        seed: int,
        seconds: float = MINUTE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._chance = random.Random(seed)
        self._seconds, self._clock, self._sleep = seconds, clock, sleep
        self._next = clock()
        self.counts: Counter[str] = Counter()

    @property
    def fault(self) -> Fault:
        """All of them as one kind, that lasts as long as each of them does."""
        return Fault(self.broken, 0, 0)

    @contextmanager
    def broken(self, place: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
        """Wait for the next period, and break something for as long as its kind lasts."""
        name = self._chance.choice(KINDS)
        self._sleep(max(0.0, self._next - self._clock()))
        self._next = max(self._next, self._clock()) + self._seconds
        self.counts[name] += 1
        kind = FAULTS[name]
        with kind.broken(place, chance, kind.seconds):
            self._sleep(kind.seconds)
        yield


def main() -> int:
    """Work until the hours are over and the reservations made, and return 1 if anything is wrong."""
    options = _options()
    print(f"seed {options.seed}: repeat it by make soak-week SEED={options.seed}", flush=True)
    mixed = Mixed(options.seed)
    rows: list[Row] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hotel-week-") as home, arena(Path(home) / "home") as place:
        while _is_on(rows, began, options):
            rows.append(_part(place, mixed, options, len(rows)))
    print(f"\n{report.table(rows)}\n\nfaults: {_counts(mixed.counts)}\n{_summary(rows, began)}")
    return int(not all(row.verdict.holds for row in rows))


def _is_on(rows: Sequence[Row], began: float, options: argparse.Namespace) -> bool:
    if (time.monotonic() - began) / 3600 < options.hours:
        return True
    return sum(row.reservations for row in rows) < int(options.reservations)


def _part(place: Arena, mixed: Mixed, options: argparse.Namespace, number: int) -> Row:
    # Calls of a part that was looked at are not needed again, and would fill the memory.
    place.history.operations.clear()
    row = run(
        place,
        f"part {number + 1}",
        mixed.fault,
        seconds=options.part_seconds,
        rate=options.rate,
        seed=options.seed + number,
    )
    print(report.result(row), flush=True)
    return row


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _summary(rows: Sequence[Row], began: float) -> str:
    return f"{(time.monotonic() - began) / 3600:.2f} h, {report.totals(rows)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos.week", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--hours", type=float, default=HOURS, help=f"at least ({HOURS:g})")
    parser.add_argument("--reservations", type=int, default=RESERVATIONS, help=f"at least ({RESERVATIONS})")
    parser.add_argument("--rate", type=float, default=RATE, help=f"reservations per second ({RATE})")
    parser.add_argument(
        "--part-seconds", type=float, default=PART_SECONDS, help=f"of load in each part ({PART_SECONDS:g})"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
