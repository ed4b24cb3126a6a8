"""Loads: when tasks begin to wait, and how long each one takes."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from external_task_operator.simulation import trace


@dataclass(frozen=True)
class Arrival:
    """A task.

    Attributes:
        at: when it begins to wait, in seconds from the start of the load.
        seconds: how long a worker works on it.
    """

    at: float
    seconds: float


NAMES = ("burst", "steady", "waves", "bookings")
"""Of all loads, in the order of the table."""

Load = Callable[[int], list[Arrival]]
"""Makes the arrivals of a run from its seed."""


def burst(_seed: int) -> list[Arrival]:
    """300 tasks of 2 s, all at once."""
    return [Arrival(0, 2)] * 300


def steady(_seed: int) -> list[Arrival]:
    """Four tasks of 2 s a second, for 150 s."""
    return [Arrival(number / 4, 2) for number in range(600)]


def waves(seed: int) -> list[Arrival]:
    """Three waves of 48 long tasks: within 20 s, 10 to 75 s each, a wave every 120 s."""
    draw = random.Random(seed)
    found = [
        Arrival(wave * 120 + draw.uniform(0, 20), draw.uniform(10, 75))
        for wave in range(3)
        for _ in range(48)
    ]
    return sorted(found, key=lambda arrival: arrival.at)


def bookings(file: Path) -> Load:
    """Return the load of real bookings: every tenth arrival of the trace within 300 s, 2 s each."""

    def load(seed: int) -> list[Arrival]:
        moments = trace.read(file, duration=300, seed=seed)
        return [Arrival(at, 2) for at in moments[::10]]

    return load


def named(bookings_file: Path | None) -> Mapping[str, Load]:
    """Return all loads by name; without a file of bookings, without theirs."""
    found: dict[str, Load] = {"burst": burst, "steady": steady, "waves": waves}
    if bookings_file is not None:
        found["bookings"] = bookings(bookings_file)
    return found
