"""Load that stays the same, over minutes; `make soak`, not part of `make e2e`.

SOAK_SECONDS is how long it lasts, 200 by default; SOAK_RATE reservations are started a second, 2 by default.
"""

import os
import time
from collections.abc import Callable

import pytest
from external_task_operator.simulation.run import percentile
from external_tasks import EngineClient
from support.cluster import Release
from support.hotel_load import Load, lives, watched
from support.waiting import eventually

SECONDS = float(os.environ.get("SOAK_SECONDS", "200"))
RATE = float(os.environ.get("SOAK_RATE", "2"))
FIRST_MINUTE = 60.0


@pytest.mark.timeout(3600)
def test_replicas_stay_the_same_while_the_load_does(
    hotel: Release, engine: EngineClient, note: Callable[[str], None]
) -> None:
    """With the chart's own windows: for some looks there may be no task, and yet there is load."""
    load = Load(engine)
    with watched(hotel, engine) as watch:
        began = time.monotonic()
        for number in range(round(SECONDS * RATE)):
            time.sleep(max(began + number / RATE - time.monotonic(), 0))
            load.start()
        ended = time.monotonic()
        eventually(load.is_over, seconds=300, every=1)

    took = [end - start for start, end in lives(load)]
    steps = watch.steps(began, ended)
    note(f"{load.started} reservations, {load.started / (ended - began):.1f} a second: replicas {steps}")
    note(f"start to end p50 {percentile(took, 0.5):.1f} s, p95 {percentile(took, 0.95):.1f} s")
    assert load.completed() == load.started
    assert len(watch.steps(began + FIRST_MINUTE, ended)) == 1
