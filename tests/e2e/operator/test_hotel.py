"""The hotel's own workers, scaled on real reservations."""

import json
import time
from collections.abc import Callable
from functools import partial

import pytest
from external_tasks import EngineClient
from support.cluster import Release
from support.hotel_load import WORKERS, Load, put_to_sleep, replicas, scaler, watched
from support.waiting import eventually

RESERVATIONS = 300
AN_HOUR_BETWEEN_POLLS = {"pollingInterval": 3600}


def condition(release: Release) -> tuple[str, str]:
    """Return status and reason of the scaler's condition Ready."""
    found = [c for c in scaler(release)["status"]["conditions"] if c["type"] == "Ready"]
    return found[0]["status"], found[0]["reason"]


@pytest.mark.timeout(1200)
def test_a_backlog_is_met_from_zero_workers_and_nobody_is_taken_at_work(
    from_zero: Release, engine: EngineClient, note: Callable[[str], None]
) -> None:
    load = Load(engine)
    with watched(from_zero, engine) as watch:
        began = time.monotonic()
        load.start(RESERVATIONS)
        eventually(load.is_over, seconds=400, every=1)
        drained = time.monotonic()
        eventually(lambda: replicas(from_zero) == 0, seconds=120, every=1)

    scaled, ready = watch.first(began, 1), watch.first_ready(began)
    assert scaled is not None
    assert ready is not None
    took = f"first scale {scaled.at - began:.1f} s, first pod ready {ready.at - began:.1f} s"
    took += f", drained {drained - began:.0f} s, {watch.replica_seconds():.0f} replica-seconds"
    note(f"{RESERVATIONS} reservations from 0 workers: {took}, replicas {watch.steps()}")
    assert load.completed() == RESERVATIONS
    assert watch.taken_at_work() == set()
    # How the load comes in depends on the machine; when all is done there is only one way.
    after = watch.steps(since=drained)
    assert after == sorted(after, reverse=True)


@pytest.mark.timeout(1200)
def test_the_engine_tells_of_a_new_task_long_before_the_next_poll(
    from_zero: Release, engine: EngineClient, note: Callable[[str], None]
) -> None:
    load = Load(engine)
    put_to_sleep(from_zero, **AN_HOUR_BETWEEN_POLLS)
    eventually(lambda: is_observed(from_zero), seconds=60, every=0.2)
    # A worker that still ends could take the task.
    workers = partial(from_zero.cluster.items, "pods", from_zero.namespace, selector=WORKERS)
    eventually(lambda: not workers(), seconds=120, every=0.5)

    began = time.monotonic()
    load.start()
    eventually(lambda: replicas(from_zero) > 0, seconds=120, every=0.1)
    note(f"first scale with an hour between polls: {time.monotonic() - began:.1f} s")

    eventually(load.is_over, seconds=200, every=1)


def is_observed(release: Release) -> bool:
    """Whether the operator has polled by the spec that the scaler has now."""
    found = scaler(release)
    return bool(found["status"].get("observedGeneration") == found["metadata"]["generation"])


def test_a_cordoned_worker_rests_and_goes_on_when_the_cordon_is_lifted(hotel: Release) -> None:
    hotel.wait_until_ready()
    workers = [pod["metadata"]["name"] for pod in hotel.pods("worker")]
    place = ("--namespace", hotel.namespace)

    def annotate(text: str) -> None:
        hotel.cluster.kubectl(
            "annotate", "--overwrite", "pods", *workers, *place, f"hotel.example.com/cordoned-until{text}"
        )

    annotate("=2999-01-01T00:00:00Z")
    try:
        eventually(lambda: set(hotel.unready()) == set(workers), seconds=60, every=0.5)
        logs = [hotel.cluster.kubectl("logs", worker, *place) for worker in workers]
    finally:
        annotate("-")
    assert all("cordoned: no more tasks are fetched" in log for log in logs)
    assert not any("engine does not answer as it should" in log for log in logs)
    eventually(lambda: not hotel.unready(), seconds=60, every=0.5)


@pytest.mark.timeout(1200)
def test_replicas_stay_while_the_engine_is_stopped(from_zero: Release, engine: EngineClient) -> None:
    load = Load(engine)
    load.start(40)
    eventually(lambda: replicas(from_zero) > 0, seconds=60, every=0.5)
    before = replicas(from_zero)
    scale = ("scale", f"deployment/{from_zero.name}-engine", "--namespace", from_zero.namespace)
    from_zero.cluster.kubectl(*scale, "--replicas=0")
    try:
        eventually(lambda: condition(from_zero) == ("False", "EngineUnreachable"), seconds=90, every=1)
        eventually(lambda: scaler(from_zero)["status"]["failures"] >= 4, seconds=90, every=1)
        during = replicas(from_zero)
    finally:
        from_zero.cluster.kubectl(*scale, "--replicas=1")
    from_zero.wait_until_ready()

    assert during >= before
    eventually(lambda: condition(from_zero) == ("True", "Ready"), seconds=60, every=1)
    eventually(load.is_over, seconds=300, every=1)


def test_replicas_stay_while_the_password_is_wrong(hotel: Release) -> None:
    secret = f"{hotel.name}-engine-scaler"
    place = ("--namespace", hotel.namespace)
    right = hotel.secret("engine-scaler", "password")
    before = replicas(hotel)

    def set_password(password: str) -> None:
        patch = json.dumps({"stringData": {"password": password}})
        hotel.cluster.kubectl("patch", "secret", secret, *place, "--type=merge", "--patch", patch)

    set_password("wrong")
    try:
        # Credentials are read again after a minute.
        eventually(lambda: condition(hotel) == ("False", "EngineUnauthorized"), seconds=120, every=1)
        during = replicas(hotel)
    finally:
        set_password(right)

    assert during == before
    eventually(lambda: condition(hotel) == ("True", "Ready"), seconds=60, every=1)
