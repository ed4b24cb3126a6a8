"""The traces, each squeezed into the same time and thinned to about as many arrivals."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from external_task_operator.simulation import trace

SECONDS = 3600.0
ARRIVALS = 6000
SEED = 1
# Made up: quiet most of the time, and bursts of a quarter of a minute.
QUIET_RATE, BURST_RATE = 0.5, 12.0
QUIET_SECONDS, BURST_SECONDS = 120.0, 15.0


def bursts(seed: int) -> list[float]:
    """Return arrivals of a Poisson process whose rate changes at random moments between two values."""
    draw = random.Random(seed)
    moments: list[float] = []
    now, is_burst = 0.0, False
    while now < SECONDS:
        until = now + draw.expovariate(1 / (BURST_SECONDS if is_burst else QUIET_SECONDS))
        rate = BURST_RATE if is_burst else QUIET_RATE
        while (now := now + draw.expovariate(rate)) < until:
            moments.append(now)
        now, is_burst = until, not is_burst
    return [moment for moment in moments if moment < SECONDS]


def read(folder: Path, bookings: Path | None) -> Mapping[str, Sequence[float]]:
    """Return all traces by name."""
    files = {"bank calls": folder / "bank-calls.csv", "flights": folder / "flights.csv"}
    if bookings is not None:
        files["hotel bookings"] = bookings
    found = {name: thinned(trace.read(file, duration=SECONDS, seed=SEED)) for name, file in files.items()}
    return {**found, "bursts": thinned(bursts(SEED))}


def thinned(moments: Sequence[float]) -> list[float]:
    """Leave out arrivals at random, so that about as many are left as are wanted."""
    draw = random.Random(SEED)
    share = ARRIVALS / len(moments)
    kept = [moment for moment in moments if draw.random() < share]
    return [moment - kept[0] for moment in kept]
