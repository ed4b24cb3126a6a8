"""A backlog met from zero workers, and who is taken at the end; `make soak`, not part of `make e2e`.

A pod that was idle at the look may fetch a task before it is told to stop. It finishes that task, but is
counted here as taken at work.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from external_tasks import EngineClient
from support.cluster import Release
from support.hotel_load import Load, replicas, watched
from support.waiting import eventually

RESERVATIONS = 300


@pytest.mark.timeout(1200)
def test_a_backlog_of_reservations_is_met_and_nobody_is_taken_at_work(
    from_zero: Release, engine: EngineClient, kubeconfig: Path, note: Callable[[str], None]
) -> None:
    load = Load(engine)
    with watched(from_zero, engine, kubeconfig) as watch:
        began = time.monotonic()
        load.start(RESERVATIONS)
        eventually(load.is_over, seconds=400, every=1)
        drained = time.monotonic()
        eventually(lambda: replicas(from_zero) == 0, seconds=90, every=1)

    scaled, ready = watch.first(began, 1), watch.first_ready(began)
    assert scaled is not None
    assert ready is not None
    took = f"first scale {scaled.at - began:.1f} s, first pod ready {ready.at - began:.1f} s"
    took += f", drained {drained - began:.0f} s, {watch.replica_seconds():.0f} replica-seconds"
    note(f"{RESERVATIONS} reservations from 0 workers: {took}, replicas {watch.steps()}")
    assert load.completed() == RESERVATIONS
    assert watch.taken_at_work() == set()
    assert_one_hill(watch.steps())


def assert_one_hill(steps: list[int]) -> None:
    """Replicas grow, then shrink; under one wave of load anything else is an oscillation."""
    top = steps.index(max(steps))
    assert steps[: top + 1] == sorted(steps[: top + 1]), steps
    assert steps[top:] == sorted(steps[top:], reverse=True), steps
