"""The operator as a process: kopf's watch, probes, signals."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import yaml
from external_task_operator import paths
from external_task_operator.testing.world import NAMESPACE, World, wait_for

LIST = f"GET {paths.scalers(NAMESPACE)}"


class Process:
    """An operator process and its log."""

    def __init__(self, world: World, folder: Path) -> None:
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "stub",
            "clusters": [{"name": "stub", "cluster": {"server": world.api_url}}],
            "users": [{"name": "stub", "user": {"token": "stub"}}],
            "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}],
        }
        (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
        self.log = folder / "log"
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(folder / "kubeconfig"),
            "OPERATOR_NAMESPACES": NAMESPACE,
            "OPERATOR_HEALTH_PORT": str(self.free_port()),
            "OPERATOR_LEASE_SECONDS": "3",
            "POD_NAME": "operator-pod",
        }
        self.port = environment["OPERATOR_HEALTH_PORT"]
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "external_task_operator"], env=environment, stderr=log, stdout=log
            )

    @staticmethod
    def free_port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def terminate(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(20)


@pytest.fixture
def process(world: World, tmp_path: Path) -> Iterator[Process]:
    process = Process(world, tmp_path)
    yield process
    if process.popen.poll() is None:
        process.popen.kill()
        process.popen.wait()


def test_scales_reports_and_leaves_cleanly(world: World, process: Process) -> None:
    world.target(0)
    world.engine.add("validate", 34)
    wait_for(lambda: process.page("/readyz")[0] == 200, 30)

    world.scaler(pollingInterval=1)
    wait_for(lambda: world.replicas() == 7, 20)
    wait_for(lambda: world.status().get("replicas") == 7)
    world.engine.complete()
    world.scaler(
        pollingInterval=1, cooldownPeriod=0, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}
    )
    wait_for(lambda: world.replicas() == 0)

    assert process.page("/livez") == (200, "ok\n")
    assert "external_task_scaler_poll_lateness_seconds_bucket" in process.page("/metrics")[1]
    assert process.terminate() == 0
    lease = world.api.get(paths.lease(NAMESPACE))
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""
    metadata = world.scalers()[0]["metadata"]
    assert "finalizers" not in metadata
    assert metadata["annotations"] == {}
    assert not [line for line in process.lines() if line["level"] in {"WARNING", "ERROR"}]


def test_waits_for_the_crd(world: World, process: Process) -> None:
    world.api.refused[LIST] = 404
    wait_for(lambda: "CRD is not installed" in process.log.read_text(encoding="utf-8"), 30)
    assert process.page("/readyz")[0] == 503
    world.target(0)
    world.scaler()
    world.engine.add("validate", 1)

    world.api.refused.clear()

    wait_for(lambda: world.replicas() == 1, 30)


def test_stops_at_once_while_it_waits(world: World, process: Process) -> None:
    world.api.refused[LIST] = 404
    wait_for(lambda: "CRD is not installed" in process.log.read_text(encoding="utf-8"), 30)

    assert process.terminate() == 0


@pytest.mark.parametrize(
    ("name", "value"), [("OPERATOR_THREADS", "none"), ("LOG_FORMAT", "xml"), ("OPERATOR_NAMESPACES", "")]
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
