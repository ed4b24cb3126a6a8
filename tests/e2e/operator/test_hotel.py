"""The hotel's own workers, scaled on real reservations."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from external_tasks import BasicAuth, EngineClient
from external_tasks.errors import EngineError
from support.cluster import Release, forwarded
from support.fleet_watch import FleetWatch, api
from support.waiting import eventually

RESERVATIONS = 300
WORKERS = "app.kubernetes.io/component=worker"
QUICK = {"cooldownPeriod": 15, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}}
FIRST_ARRIVAL = datetime.now(UTC).date() + timedelta(days=200)
Note = Callable[[str], None]


@pytest.fixture
def from_zero(hotel: Release) -> Iterator[Release]:
    """The release, whose workers go to zero soon when there is nothing to do; put back afterwards."""
    hotel.install(
        "--set=worker.defaults.autoscaling.minReplicaCount=0",
        f"--set-json=worker.defaults.autoscaling.spec={json.dumps(QUICK)}",
    )
    try:
        eventually(lambda: replicas(hotel) == 0, seconds=120, every=1)
        yield hotel
    finally:
        hotel.install()


@pytest.fixture
def engine(hotel: Release) -> Iterator[EngineClient]:
    """The engine's REST API, as its administrator."""
    with forwarded(hotel.cluster, hotel.namespace, f"service/{hotel.name}-engine", 8080) as url:
        auth = BasicAuth("admin", hotel.secret("engine-admin", "password"))
        with EngineClient(f"{url}/engine-rest", auth=auth, timeout=30) as client:
            yield client


def scaler(release: Release) -> dict[str, Any]:
    """Return the scaler of the workers."""
    found: dict[str, Any] = release.cluster.get("externaltaskscalers", release.namespace)[0]
    return found


def replicas(release: Release) -> int:
    """Return how many workers there are to be."""
    found = release.cluster.get("deployments", release.namespace, f"--selector={WORKERS}")
    return int(found[0]["spec"]["replicas"])


def condition(release: Release) -> tuple[str, str]:
    """Return status and reason of the scaler's condition Ready."""
    found = [c for c in scaler(release)["status"]["conditions"] if c["type"] == "Ready"]
    return found[0]["status"], found[0]["reason"]


@contextmanager
def watched(release: Release, engine: EngineClient, kubeconfig: Path) -> Iterator[FleetWatch]:
    spec = scaler(release)["spec"]
    target, topics = spec["scaleTargetRef"]["name"], tuple(spec["topics"])
    with FleetWatch(api(kubeconfig), release.namespace, target, engine, topics) as watch:
        yield watch


def start(engine: EngineClient, count: int) -> str:
    """Start reservations, one night each, over many nights; return what their references begin with."""
    run = f"e2e-{uuid.uuid4().hex[:8]}"
    for number in range(count):
        arrival = FIRST_ARRIVAL + timedelta(days=number % 150)
        variables = {
            "reservation_ref": f"{run}-{number}",
            "first_name": "Ada",
            "last_name": "Example",
            "email": f"{run}-{number}@example.com",
            "check_in": arrival.isoformat(),
            "check_out": (arrival + timedelta(days=1)).isoformat(),
            "room_type": "A",
            "guests": 2,
            "table_wanted": False,
            "hold_limit": "PT15M",
        }
        engine.start("HotelReservationProcess", variables, business_key=f"{run}-{number}")
    return run


def ended(engine: EngineClient, run: str) -> int:
    """Return how many reservations of a run have been confirmed, or refused for want of a room."""
    asked = {
        "processDefinitionKey": "HotelReservationProcess",
        "processInstanceBusinessKeyLike": f"{run}-%",
        "completed": True,
    }
    return int(engine.get("/history/process-instance/count", asked)["count"])


def is_over(engine: EngineClient, run: str) -> bool:
    """Tell whether none is under way; while the engine or the way to it is mended, nobody knows."""
    try:
        return running(engine, run) == 0
    except EngineError:
        return False


def running(engine: EngineClient, run: str) -> int:
    """Return how many are under way."""
    asked = {"processInstanceBusinessKeyLike": f"{run}-%", "unfinished": True}
    return int(engine.get("/history/process-instance/count", asked)["count"])


def test_a_backlog_of_reservations_is_met_in_one_step_and_harms_nobody(
    from_zero: Release, engine: EngineClient, kubeconfig: Path, note: Note
) -> None:
    with watched(from_zero, engine, kubeconfig) as watch:
        began = time.monotonic()
        run = start(engine, RESERVATIONS)
        eventually(lambda: is_over(engine, run), seconds=400, every=1)
        drained = time.monotonic()
        eventually(lambda: replicas(from_zero) == 0, seconds=90, every=1)

    scaled, ready = watch.first(began, 1), watch.first_ready(began)
    assert scaled is not None
    assert ready is not None
    took = f"first scale {scaled.at - began:.1f} s, first pod ready {ready.at - began:.1f} s"
    took += f", drained {drained - began:.0f} s, {watch.replica_seconds():.0f} replica-seconds"
    note(f"{RESERVATIONS} reservations from 0 workers: {took}, replicas {watch.steps()}")
    assert ended(engine, run) == RESERVATIONS
    assert watch.taken_at_work() == set()
    assert_one_hill(watch.steps())


def assert_one_hill(steps: list[int]) -> None:
    """Replicas grow, then shrink; under one wave of load anything else is an oscillation."""
    top = steps.index(max(steps))
    assert steps[: top + 1] == sorted(steps[: top + 1]), steps
    assert steps[top:] == sorted(steps[top:], reverse=True), steps


def test_replicas_stay_while_the_engine_is_stopped(from_zero: Release, engine: EngineClient) -> None:
    run = start(engine, 40)
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
    eventually(lambda: is_over(engine, run), seconds=300, every=1)


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
