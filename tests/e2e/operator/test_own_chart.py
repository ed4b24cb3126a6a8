"""The chart of the operator alone: for an engine and workers of no release, and for releases elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from external_tasks import BasicAuth, EngineClient, TopicSubscription
from support import elsewhere
from support.charts import SCALER
from support.cluster import Cluster, Release
from support.guests import guest
from support.hotel_command import HotelCommand
from support.models import external_task
from support.operator_world.engine import StubEngine
from support.scaled_workers import ScaledWorkers
from support.waiting import eventually

PROCESS, TOPIC = "HotelReservationProcess", "own-chart"
URL = "https://engine:8080/engine-rest"
TASKS = 12


@pytest.fixture
def workers(
    crd: Cluster, namespace: str, authority: trustme.CA, worker_image: str, tmp_path: Path
) -> ScaledWorkers:
    """Workers that do nothing, an engine in the cluster, and the operator by its chart."""
    given = (elsewhere.login("engine-login"), elsewhere.trust(authority), *elsewhere.engine(authority))
    crd.apply(namespace, *given)
    place = ("--namespace", namespace, "--wait", "--timeout=120s")
    crd.helm(
        "install", "scaler", SCALER, *place, f"--set=rbac.secrets={{engine-login,{elsewhere.AUTHORITY}}}"
    )
    # The stub is not asked: the operator runs in the cluster, where the real engine is.
    workers = ScaledWorkers(crd, namespace, StubEngine(), URL, worker_image, tmp_path)
    workers.workers(0)
    reference = {
        "url": URL,
        "credentialsSecret": {"name": "engine-login"},
        "ca": {"secretName": elsewhere.AUTHORITY},
        "processDefinitionKeys": [PROCESS],
    }
    workers.scaler(engine=reference, topics=[TOPIC], maxReplicaCount=3)
    return workers


@pytest.fixture
def engine(
    crd: Cluster, namespace: str, authority: trustme.CA, workers: ScaledWorkers, tmp_path: Path
) -> Iterator[EngineClient]:
    """The engine's REST API, as its administrator."""
    eventually(lambda: workers.condition("Ready") == ("True", "Ready"), seconds=180, every=1)
    with elsewhere.engine_reached(crd, namespace, authority, tmp_path) as (url, ca_file):
        auth = BasicAuth("admin", elsewhere.PASSWORD)
        with EngineClient(url, auth=auth, timeout=30, ca_file=ca_file) as client:
            client.deploy("own-chart", {"process.bpmn": external_task(PROCESS, TOPIC)})
            yield client


def test_it_scales_workers_of_any_kind_on_an_engine_that_is_there(
    workers: ScaledWorkers, engine: EngineClient
) -> None:
    for _ in range(TASKS):
        engine.start(PROCESS)
    eventually(lambda: len(workers.ready()) == 3, seconds=60)
    assert workers.status()["operator"].startswith("scaler-")

    for task in engine.fetch_and_lock("somebody", [TopicSubscription(TOPIC)], TASKS):
        engine.complete(task.id, "somebody")
    eventually(lambda: workers.replicas() == 0, seconds=60)
    # The status follows what it tells of.
    eventually(lambda: workers.status()["replicas"] == 0)

    workers.cluster.helm("uninstall", "scaler", "--namespace", workers.namespace, "--wait")
    # The kind is everybody's, so it stays, and with it the scaler.
    assert workers.status()["replicas"] == 0


@pytest.fixture
def everywhere(hotel: Release, namespace: str) -> Iterator[str]:
    """The namespace of an operator for the whole cluster, to which the release leaves its pools."""
    place = ("--namespace", namespace, "--wait", "--timeout=120s")
    hotel.cluster.helm("install", "everywhere", SCALER, *place, "--set=rbac.allNamespaces=true")
    try:
        yield namespace
    finally:
        hotel.install()
        hotel.cluster.helm("uninstall", "everywhere", *place)
        # The other releases' operators have their scalers back.
        eventually(lambda: "everywhere-" not in acting(hotel.cluster), seconds=180, every=1)


def acting(cluster: Cluster) -> str:
    """Return the names of the operators that acted last, of all scalers in the cluster."""
    return cluster.kubectl("get", "ets", "--all-namespaces", "--output=jsonpath={.items[*].status.operator}")


@pytest.mark.alone
def test_it_serves_releases_in_the_whole_cluster(
    hotel: Release, everywhere: str, run_hotel: HotelCommand
) -> None:
    operator = {"enabled": True, "namespace": everywhere, "serviceAccount": "everywhere-external-task-scaler"}

    hotel.install(
        "--set=operator.enabled=false", f"--set-json=worker.externalOperator={json.dumps(operator)}"
    )

    scaler = f"{hotel.name}-worker-default"

    def acts_here() -> str:
        found = hotel.cluster.get("externaltaskscalers", hotel.namespace, scaler)
        return str(found.get("status", {}).get("operator", ""))

    eventually(lambda: acts_here().startswith("everywhere-"), seconds=60, every=1)
    hotel.cluster.wait_for(hotel.namespace, f"externaltaskscaler/{scaler}", "Ready")
    assert run_hotel("reserve", *guest()).code == 0
