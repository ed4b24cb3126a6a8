"""Load that comes and goes, over ten minutes; `make soak`, not part of `make e2e`.

Arrivals follow those of real bookings if SOAK_BOOKINGS names a file of them (any trace that `hotel-operator
simulate` reads), else a hill that is made up. SOAK_SECONDS is the length of a wave, 200 by default.
"""

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from external_task_operator.simulation import trace
from external_task_operator.simulation.run import percentile
from external_tasks import EngineClient
from support.cluster import Release
from support.fleet_watch import FleetWatch
from support.hotel_load import Load, lives, replicas, watched
from support.waiting import eventually

WAVES = 3
WAVE_SECONDS = float(os.environ.get("SOAK_SECONDS", "200"))
RESERVATIONS = 250
LULL = 0.35
SLOWER = 1.5


def arrivals() -> list[float]:
    """Return the moments of one wave, which ends with a lull."""
    seconds = WAVE_SECONDS * (1 - LULL)
    if file := os.environ.get("SOAK_BOOKINGS"):
        moments = trace.read(Path(file), duration=seconds, seed=1)
        return moments[:: max(len(moments) // RESERVATIONS, 1)]
    shares = [(number + 0.5) / RESERVATIONS for number in range(RESERVATIONS)]
    # The inverse of a cosine hill's share of arrivals: slow, fast, slow.
    return [seconds * (0.5 - math.asin(1 - 2 * share) / math.pi) for share in shares]


def play(load: Load, moments: Sequence[float]) -> None:
    """Start reservations at these moments from now, as well as starting them takes."""
    began = time.monotonic()
    for moment in moments:
        time.sleep(max(began + moment - time.monotonic(), 0))
        load.start()
    time.sleep(max(began + WAVE_SECONDS - time.monotonic(), 0))


def scale_ins(watch: FleetWatch) -> list[float]:
    """Return the moments of all scale-ins, in seconds of the epoch."""
    offset = time.time() - time.monotonic()
    pairs = zip(watch.looks, watch.looks[1:], strict=False)
    return [after.at + offset for before, after in pairs if after.replicas < before.replicas]


@pytest.mark.timeout(3600)
def test_waves_of_load_are_followed_and_scale_in_slows_nobody(
    from_zero: Release, engine: EngineClient, note: Callable[[str], None]
) -> None:
    load, moments = Load(engine), arrivals()
    with watched(from_zero, engine) as watch:
        for _ in range(WAVES):
            play(load, moments)
        eventually(load.is_over, seconds=300, every=1)
        eventually(lambda: replicas(from_zero) == 0, seconds=120, every=1)

    during: list[float] = []
    apart: list[float] = []
    for start, end in lives(load):
        overlaps = any(start < scale_in < end for scale_in in scale_ins(watch))
        (during if overlaps else apart).append(end - start)
    note(f"{load.started} reservations in {WAVES} waves of {WAVE_SECONDS:.0f} s: replicas {watch.steps()}")
    note(f"{watch.replica_seconds():.0f} replica-seconds, taken at work {sorted(watch.taken_at_work())}")
    note(f"p95 of a reservation: {percentile(apart, 0.95):.1f} s; {len(during)} during a scale-in")
    assert load.completed() == load.started
    if during:
        note(f"p95 of those: {percentile(during, 0.95):.1f} s")
        assert percentile(during, 0.95) <= max(percentile(apart, 0.99), percentile(apart, 0.95) * SLOWER)
