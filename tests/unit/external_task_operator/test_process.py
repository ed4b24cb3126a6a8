"""The operator as a process: kopf's watch, probes, signals."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from external_task_operator.kubernetes import paths
from support.http_stub import http_stub
from support.operator_process import OperatorProcess, operator_process, write_kubeconfig
from support.operator_world.cluster import END_OF_WATCH
from support.operator_world.world import NAMESPACE, World
from support.waiting import eventually

LIST = f"GET {paths.scalers(NAMESPACE)}"


@pytest.fixture
def process(world: World, tmp_path: Path) -> Iterator[OperatorProcess]:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", world.api_url, "stub")
    settings = {"OPERATOR_NAMESPACES": NAMESPACE, "OPERATOR_LEASE_SECONDS": "3"}
    with operator_process(kubeconfig, tmp_path / "log", **settings) as process:
        yield process


def test_scales_reports_and_leaves_cleanly(world: World, process: OperatorProcess) -> None:
    world.target(0)
    world.engine.add("validate", 34)
    eventually(process.is_ready)

    world.scaler(pollingInterval=1)
    eventually(lambda: world.replicas() == 7)
    eventually(lambda: world.status().get("replicas") == 7)
    world.engine.complete()
    at_once = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    world.scaler(pollingInterval=1, cooldownPeriod=0, behavior=at_once)
    eventually(lambda: world.replicas() == 0)

    assert process.page("/livez") == (200, "ok\n")
    assert "external_task_scaler_poll_lateness_seconds_bucket" in process.page("/metrics")[1]
    assert process.terminate() == 0
    lease = world.api.get(paths.lease(NAMESPACE))
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""
    metadata = world.scalers()[0]["metadata"]
    assert "finalizers" not in metadata
    assert metadata["annotations"] == {}
    assert not [line for line in process.log() if line["level"] in {"WARNING", "ERROR"}]


def test_waits_for_the_crd(world: World, process: OperatorProcess) -> None:
    world.api.refused[LIST] = 404
    eventually(lambda: process.says("CRD is not installed"))
    assert process.page("/readyz")[0] == 503
    world.target(0)
    world.scaler()
    world.engine.add("validate", 1)

    world.api.refused.clear()

    eventually(lambda: world.replicas() == 1)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_watch_that_is_refused_for_a_while_goes_on(
    world: World, process: OperatorProcess, status: int
) -> None:
    """The right to list was taken away, the CRD was made again, the API server has lost its storage."""
    world.target(0)
    world.engine.add("validate", 1)
    eventually(process.is_ready)
    world.scaler("old", pollingInterval=1)
    eventually(lambda: world.replicas() == 1)
    world.api.refused[LIST] = status
    world.api.end_watches()
    eventually(lambda: LIST in world.api.refusals)

    world.api.refused.clear()
    world.api.delete(paths.scaler(NAMESPACE, "old"))
    world.scaler("new", pollingInterval=1, minReplicaCount=3)

    eventually(lambda: world.replicas() == 3)


EXPIRED = b'{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}\n'
STRANGE = {
    "an old version": [EXPIRED],
    "half a line": [EXPIRED[:20], END_OF_WATCH],
    "no metadata": [b'{"type": "MODIFIED", "object": {}}\n'],
    "the page of a proxy": [b"<html>upstream timed out</html>\n"],
}


@pytest.mark.parametrize("parts", STRANGE.values(), ids=STRANGE)
def test_a_watch_that_is_answered_strangely_goes_on(
    world: World, process: OperatorProcess, parts: list[bytes]
) -> None:
    world.target(0)
    eventually(process.is_ready)
    world.scaler("old", pollingInterval=1, minReplicaCount=1)
    eventually(lambda: world.replicas() == 1)

    world.api.say_to_watches(*parts)
    world.api.delete(paths.scaler(NAMESPACE, "old"))
    world.scaler("new", pollingInterval=1, minReplicaCount=3)

    eventually(lambda: world.replicas() == 3)


def test_stops_at_once_while_it_waits(world: World, process: OperatorProcess) -> None:
    world.api.refused[LIST] = 404
    eventually(lambda: process.says("CRD is not installed"))

    assert process.terminate() == 0


def test_stops_at_once_after_its_watch_has_ended(world: World, process: OperatorProcess) -> None:
    eventually(process.is_ready)
    world.scaler()
    world.target(0)
    eventually(lambda: world.status().get("replicas") == 0)
    world.api.refused[LIST] = 404
    world.api.end_watches()
    eventually(lambda: process.says("Watch ended"))

    assert process.terminate() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPERATOR_THREADS", "none"),
        ("LOG_FORMAT", "xml"),
        ("OPERATOR_NAMESPACES", ""),
        ("OPERATOR_NAMESPACES", "hotel,team-*"),
        ("OPERATOR_NAMESPACES", "!hotel"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "grpc://collector:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    environment = {"PATH": os.environ["PATH"], "OPERATOR_NAMESPACES": "x", name: value}

    done = subprocess.run(
        [sys.executable, "-m", "external_task_operator"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 2
    assert re.match(rf"hotel-operator: {name}: ", done.stderr)


def test_without_a_cluster_it_says_so(tmp_path: Path) -> None:
    process = OperatorProcess(tmp_path / "none", tmp_path / "log", {"OPERATOR_NAMESPACES": "x"})

    assert process.popen.wait(30) == 1
    assert process.says("The API server is not known")


def test_a_collector_gets_the_metrics_too(world: World, tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", world.api_url, "stub")
    world.target(0)
    world.scaler(pollingInterval=1)
    world.engine.add("validate", 34)
    with http_stub() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
        with operator_process(kubeconfig, tmp_path / "log", OPERATOR_NAMESPACES=NAMESPACE, **settings):
            eventually(lambda: world.replicas() == 7)
            eventually(
                lambda: any(b"external_task_scaler_scalings_total" in r.body for r in collector.requests)
            )

    assert all(request.target.endswith("/v1/metrics") for request in collector.requests)


def test_serves_the_whole_cluster(world: World, tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", world.api_url, "stub")
    world.target(0)
    world.scaler(pollingInterval=1)
    world.engine.add("validate", 34)

    with operator_process(kubeconfig, tmp_path / "log", OPERATOR_NAMESPACES="*"):
        eventually(lambda: world.replicas() == 7)

    assert "GET /apis/hotel.example.com/v1alpha1/externaltaskscalers" in world.api.requests
    assert not [request for request in world.api.requests if request.endswith("/namespaces")]


@pytest.mark.parametrize("order", ["lost,hotel", "hotel,lost"])
@pytest.mark.parametrize("status", [403, 404])
def test_each_namespace_is_watched_by_itself(world: World, tmp_path: Path, order: str, status: int) -> None:
    """One is deleted, or its RoleBinding is gone: the others go on, and it is served when it is back."""
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", world.api_url, "stub")
    lost = f"GET {paths.scalers('lost')}"
    world.api.refused[lost] = status
    world.target(0)
    world.engine.add("validate", 34)

    with operator_process(kubeconfig, tmp_path / "log", OPERATOR_NAMESPACES=order) as process:
        eventually(process.is_ready)
        world.scaler("first", pollingInterval=1, maxReplicaCount=2)
        eventually(lambda: world.replicas() == 2)
        eventually(lambda: lost in world.api.refusals)
        assert 'operator_watches{namespace="lost"} 0.0' in process.page("/metrics")[1]

        world.api.refused.clear()
        eventually(lambda: 'operator_watches{namespace="lost"} 1.0' in process.page("/metrics")[1])
        # The metric is there when the namespace can be listed; only a watch that is open can be ended.
        eventually(lambda: world.api.is_watched(paths.scalers("lost")))
        world.api.refused[lost] = status
        world.api.end_watches()
        eventually(lambda: 'operator_watches{namespace="lost"} 0.0' in process.page("/metrics")[1])
        world.scaler("first", pollingInterval=1, maxReplicaCount=5)

        eventually(lambda: world.replicas() == 5)
        assert process.terminate() == 0
