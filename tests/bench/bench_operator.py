"""What the operator costs and how punctual it is with very many scalers.

A stub engine and a stub API server run in processes of their own, so that only the operator is measured.
A share of the scalers is active: the counts of their topics change at every poll, and so do the statuses.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import yaml
from external_task_operator.kubernetes import paths
from hotel.ports import free_port
from support.operator_load import beside, cpu_seconds, lateness, mebibytes, quantile, serve_engine
from support.operator_world.cluster import StubCluster

NAMESPACE = "bench"


@dataclass(frozen=True)
class Load:
    """How much there is to do."""

    scalers: int
    topics: int
    interval: int
    active: float
    namespaces: int

    def namespace_of(self, scaler: int) -> str:
        return f"{NAMESPACE}-{scaler % self.namespaces}"

    def topics_of(self, scaler: int) -> list[str]:
        return [f"topic-{scaler}-{number}" for number in range(self.topics)]

    @property
    def busy_topics(self) -> set[str]:
        return {
            topic for scaler in range(round(self.scalers * self.active)) for topic in self.topics_of(scaler)
        }


def cluster(load: Load, engine_url: str) -> StubCluster:
    """An API server with the scalers and their targets."""
    api = StubCluster()
    for number in range(load.scalers):
        name, namespace = f"scaler-{number}", load.namespace_of(number)
        api.put(
            f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}",
            {"spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}}},
        )
        api.put(
            paths.scaler(namespace, name),
            {
                "metadata": {"generation": 1},
                "spec": {
                    "scaleTargetRef": {"name": name},
                    "engine": {"url": engine_url},
                    "topics": load.topics_of(number),
                    "pollingInterval": load.interval,
                    "minReplicaCount": 1,
                },
            },
        )
    return api


def serve_cluster(load: Load, pipe: Connection) -> None:
    """Serve the API server until told to stop."""
    with cluster(load, pipe.recv()).server() as server:
        pipe.send(server.url)
        pipe.recv()


@contextmanager
def operator(api_url: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the operator against the stub API server."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "stub",
        "clusters": [{"name": "stub", "cluster": {"server": api_url}}],
        "users": [{"name": "stub", "user": {"token": "stub"}}],
        "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    environment = os.environ | {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "OPERATOR_NAMESPACES": "*",
        "OPERATOR_HEALTH_PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "external_task_operator"], env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_until_polled(port: int, scalers: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if lateness(port).get(float("inf"), 0) >= 2 * scalers:
                return
        except OSError:
            pass
        time.sleep(2)
    raise TimeoutError("the operator did not poll all scalers twice within two minutes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scalers", type=int, default=1000)
    parser.add_argument("--namespaces", type=int, default=1, help="that the scalers are spread over")
    parser.add_argument("--topics", type=int, default=3, help="of each scaler, shared with no other")
    parser.add_argument("--interval", type=int, default=5, help="seconds between polls")
    parser.add_argument("--active", type=float, default=0.1, help="share of scalers whose tasks change")
    parser.add_argument(
        "--settle", type=float, default=20, help="seconds in which to make up for the start, when all are due"
    )
    parser.add_argument("--seconds", type=float, default=60, help="to measure for")
    options = parser.parse_args()
    load = Load(options.scalers, options.topics, options.interval, options.active, options.namespaces)
    with (
        tempfile.TemporaryDirectory() as folder,
        beside(serve_engine, load.busy_topics) as (engine, engine_pid),
        beside(serve_cluster, load) as (api, api_pid),
    ):
        api.send(engine.recv())
        port = free_port()
        with operator(api.recv(), Path(folder), port) as process:
            wait_until_polled(port, load.scalers)
            time.sleep(options.settle)
            pids = (process.pid, engine_pid, api_pid)
            before, cpu, started = lateness(port), [cpu_seconds(pid) for pid in pids], time.monotonic()
            time.sleep(options.seconds)
            after, seconds = lateness(port), time.monotonic() - started
            cores = [(cpu_seconds(pid) - used) / seconds for pid, used in zip(pids, cpu, strict=True)]
            tell(load, before, after, seconds, cores)
            print(f"memory, peak         {mebibytes(process.pid):8.0f} MiB  aim < 256 MiB")


def tell(
    load: Load, before: dict[float, float], after: dict[float, float], seconds: float, cores: list[float]
) -> None:
    p50, polls = quantile(before, after, 0.5)
    p99, _ = quantile(before, after, 0.99)
    print(f"{load.namespaces} namespaces")
    print(f"{load.scalers} scalers x {load.topics} topics every {load.interval} s, {load.active:.0%} active")
    print(f"polls per second     {polls / seconds:8.1f}  (due: {load.scalers / load.interval:.1f})")
    print(f"lateness p50         {p50:8.3f} s")
    print(f"lateness p99         {p99:8.3f} s    aim < 1 s")
    print(f"processor            {cores[0]:8.2f} cores aim < 1")
    print(f"                     {cores[0] * seconds / max(polls, 1) * 1000:8.2f} ms a poll")
    print(f"processor of stubs   {cores[1]:8.2f} engine, {cores[2]:.2f} API server")
    print(f"load of the machine  {os.getloadavg()[0]:8.1f}  on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
