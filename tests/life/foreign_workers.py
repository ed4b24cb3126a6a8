"""Workers with other clients under the operator, by the manifests of examples/other_clients."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from external_tasks import EngineClient
from hotel.names import EngineKind
from life.nodes import load
from support import kind
from support.charts import REPOSITORY
from support.cluster import Cluster, Release, administrator
from support.fleet_watch import FleetWatch
from support.lone_engine import LoneEngine
from support.models import external_task
from support.waiting import eventually

FOLDER = REPOSITORY / "examples/other_clients"
LANGUAGES = ("javascript", "java")
PROCESS, TOPIC, SECRET = "ParcelProcess", "pack-parcel", "parcel-engine"
# In three bursts, so that there is a scale-in under load; each task takes half a second to two and a half.
BURSTS, TASKS = 3, 40
SECONDS = 600
PASSWORD = "parcel-secret"
OUTCOMES = ("creationLog", "successLog", "failureLog", "deletionLog")


def options(language: str) -> tuple[str, ...]:
    """Return what a release needs for such workers: rights, and a way to the engine."""
    worker = [
        {"from": [{"podSelector": {"matchLabels": {"app": f"parcel-{language}"}}}], "ports": [{"port": 8080}]}
    ]
    return (
        f"--set=engine.processDefinitions={{HotelReservationProcess,ClientCreationProcess,{PROCESS}}}",
        f"--set-json=engine.extraIngress={json.dumps(worker)}",
        f"--set=operator.rbac.secrets={{{SECRET}}}",
    )


def apply_worker(release: Release, language: str) -> None:
    """Apply the example's manifests, with a quick scale-in."""
    login = {"username": "worker", "password": release.secret("engine-worker", "password")}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": login}
    deployment, scaler = yaml.safe_load_all((FOLDER / language / "worker.yaml").read_text())
    scaler["spec"] |= {"pollingInterval": 2, "cooldownPeriod": 5}
    scaler["spec"]["behavior"] = {"scaleDown": {"stabilizationWindowSeconds": 5}}
    release.cluster.apply(release.namespace, secret, deployment, scaler)


def build(language: str) -> str:
    """Build a worker's image and return its name."""
    image = f"parcel-{language}:1.0.0"
    kind.command("docker", "build", "--quiet", "--tag", image, str(FOLDER / language), seconds=SECONDS)
    return image


def end_of_all(engine: EngineClient) -> bool:
    return engine.count_external_tasks(topicName=TOPIC) == 0


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LoneEngine]:
    """An engine of this machine."""
    passwords = {"ENGINE_ADMIN_PASSWORD": PASSWORD, "ENGINE_WORKER_PASSWORD": PASSWORD}
    engine = LoneEngine(EngineKind.OPERATON, tmp_path, {**passwords, "ENGINE_PROCESS_DEFINITIONS": PROCESS})
    try:
        engine.wait_until_ready()
        yield engine
    finally:
        engine.stop()


@pytest.mark.parametrize("tasks", [1, 4])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worker_that_is_told_to_end_does_so_after_its_tasks(
    engine: LoneEngine, language: str, tasks: int
) -> None:
    """With a part of its slots at work, and with all of them."""
    image = build(language)
    login = {
        "WORKER_ID": "pod",
        "ENGINE_URL": engine.url,
        "ENGINE_USER": "worker",
        "ENGINE_PASSWORD": PASSWORD,
    }
    settings = [f"--env={name}={value}" for name, value in login.items()]
    with closing(engine.client("admin", PASSWORD)) as admin:
        admin.deploy("parcels", {"parcel.bpmn": external_task(PROCESS, TOPIC)})
        for _ in range(tasks):
            admin.start(PROCESS, {"millis": 3000})
        worker = kind.command("docker", "run", "--detach", "--rm", "--network=host", *settings, image).strip()
        try:
            eventually(lambda: admin.count_external_tasks(topicName=TOPIC, locked=True) > 0, seconds=60)
            kind.command("docker", "kill", "--signal=TERM", worker)
            # Its grace is 90 s; 3 s for the task, 5 s for the rest of a poll.
            eventually(lambda: worker[:12] not in kind.command("docker", "ps", "--quiet"), seconds=30)
        finally:
            subprocess.run(["docker", "kill", worker], check=False, capture_output=True)
        outcomes, _ = records(admin)
        assert admin.count_external_tasks(topicName=TOPIC, locked=True) == 0
        assert set(outcomes) == {"creationLog", "successLog"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_workers_with_another_client_are_scaled_and_lose_nothing(
    cluster: Cluster, release: Release, language: str, record_property: Callable[[str, object], None]
) -> None:
    load(build(language))
    release.install(*options(language))
    apply_worker(release, language)
    with administrator(release) as engine:
        engine.deploy("parcels", {"parcel.bpmn": external_task(PROCESS, TOPIC)})
        fleet = FleetWatch(cluster.api, release.namespace, f"parcel-{language}", engine, (TOPIC,))
        with fleet as watch:
            for _ in range(BURSTS):
                for number in range(TASKS):
                    engine.start(PROCESS, {"millis": 500 + 50 * number})
                # The next burst comes while pods go.
                eventually(lambda: shrinks(watch), seconds=SECONDS, every=0.5)
            eventually(lambda: end_of_all(engine), seconds=SECONDS, every=0.5)
            eventually(lambda: watch.looks[-1].replicas == 0 and not watch.looks[-1].pods, seconds=SECONDS)
        outcomes, packers = records(engine)

    assert max(look.replicas for look in watch.looks) > 1
    assert outcomes == {"creationLog": BURSTS * TASKS, "successLog": BURSTS * TASKS}
    record_property(
        "pods that took a task between the operator's look and their end", len(watch.taken_at_work())
    )
    # Each pod did its share under its own name.
    assert set(packers) <= {pod.name for look in watch.looks for pod in look.pods}
    assert len(packers) > 1


def shrinks(watch: FleetWatch) -> bool:
    """Tell whether the last change of the replicas, half a minute ago at most, was downwards."""
    steps = watch.steps(since=time.monotonic() - 30)
    return len(steps) > 1 and steps[-1] < steps[-2]


def records(engine: EngineClient) -> tuple[dict[str, int], Counter[str]]:
    """Return how many tasks were made, done, failed; and how many each worker did."""
    log: list[dict[str, Any]] = engine.get("/history/external-task-log", {"topicName": TOPIC})
    outcomes = Counter(name for entry in log for name in OUTCOMES if entry[name])
    found = engine.get("/history/variable-instance", {"variableName": "packedBy"})
    return dict(outcomes), Counter(variable["value"] for variable in found)
