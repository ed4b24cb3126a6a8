"""What the operator costs and how punctual it is with very many scalers.

A stub engine and a stub API server run in processes of their own, so that only the operator is measured.
A share of the scalers is active: the counts of their topics change at every poll, and so do the statuses.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.request import urlopen

import yaml
from external_task_operator.kubernetes import paths
from hotel.ports import free_port
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


class StubEngine(asyncio.Protocol):
    """An engine whose active topics have another number of tasks at every look; as cheap as can be.

    A framework would take more of the machine than the operator does, and be what is measured.
    """

    def __init__(self, busy: set[str]) -> None:
        self._busy = {topic.encode() for topic in busy}
        self._names = json.dumps(sorted(busy)).encode()
        self._looks = 0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            end += 4 + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            self._received = self._received[end:]
            self._answer(self._body_for(head.split(b" ", 2)[1]))

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)  # type: ignore[attr-defined]

    def _body_for(self, target: bytes) -> bytes:
        if target.startswith(b"/external-task/topic-names"):
            return self._names
        if target.startswith(b"/external-task?"):
            return b"[]"  # who holds locks, before a scale-in
        self._looks += 1
        topic = target.partition(b"topicName=")[2].partition(b"&")[0]
        return b'{"count": %d}' % (self._looks % 7 if topic in self._busy else 0)


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


def serve_engine(load: Load, pipe: Connection) -> None:
    """Serve the engine until told to stop."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: StubEngine(load.busy_topics), "127.0.0.1", 0)
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await loop.run_in_executor(None, pipe.recv)

    asyncio.run(serve())


def serve_cluster(load: Load, pipe: Connection) -> None:
    """Serve the API server until told to stop."""
    with cluster(load, pipe.recv()).server() as server:
        pipe.send(server.url)
        pipe.recv()


@contextmanager
def stub(serve: Callable[[Load, Connection], None], load: Load) -> Iterator[tuple[Connection, int]]:
    """Run a stub in a process of its own; gives the way to talk to it, and its number."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(load, theirs))
    process.start()
    try:
        yield ours, process.pid or 0
    finally:
        ours.send("stop")
        process.join(10)


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


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024  # type: ignore[union-attr]


def lateness(port: int) -> dict[float, float]:
    """The cumulative counts of the lateness histogram by upper bound."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = re.findall(r'poll_lateness_seconds_bucket\{le="([^"]+)"\} ([\d.]+)', text)
    return {float(bound): float(count) for bound, count in found}


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> tuple[float, float]:
    """Return an upper bound of a quantile, interpolated within its bucket, and how many polls there were."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    total, lower, below = counts[float("inf")], 0.0, 0.0
    for bound, count in counts.items():
        if count >= total * share:
            return lower + (bound - lower) * (total * share - below) / max(count - below, 1), total
        lower, below = bound, count
    return float("inf"), total


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
        stub(serve_engine, load) as (engine, engine_pid),
        stub(serve_cluster, load) as (api, api_pid),
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
            print(f"memory, peak         {peak_mebibytes(process.pid):8.0f} MiB  aim < 256 MiB")


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
