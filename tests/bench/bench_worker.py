"""How fast the worker is, as ratios to a bare loop on the same engine in the same run.

Without an address it starts an engine of its own. The bare loop fetches as many tasks as the worker has
slots, completes them with as many threads, and fetches again: what a program does that has no retries, locks,
drain, metrics or logs.
"""

import argparse
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from external_tasks import BasicAuth, EngineClient, ExternalTask, TopicSubscription, Worker
from hotel.stack.credentials import Credentials
from hotel.stack.engine import find_jar
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.names import EngineKind
from hotel.stack.ports import Ports
from hotel.stack.state import StackState

FILLERS = 4
"""Threads that start the instances before a run is measured."""

PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="bench">
  <process id="{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="start"/>
    <sequenceFlow id="to_task" sourceRef="start" targetRef="task"/>
    <serviceTask id="task" camunda:type="external" camunda:topic="{key}"/>
    <sequenceFlow id="to_end" sourceRef="task" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"""


class CountingClient(EngineClient):
    """Counts its calls and the tasks that were completed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.calls = 0
        self.completed = 0
        self._counting = threading.Lock()

    def post(self, *arguments: Any, **options: Any) -> Any:
        with self._counting:
            self.calls += 1
        return super().post(*arguments, **options)

    def complete(self, *arguments: Any, **options: Any) -> None:
        super().complete(*arguments, **options)
        with self._counting:
            self.completed += 1


@dataclass(frozen=True)
class Run:
    """What a number of tasks took."""

    tasks: int
    seconds: float
    cpu_seconds: float
    calls: int

    @property
    def rate(self) -> float:
        return self.tasks / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.rate:6.0f} tasks/s, client CPU {1000 * self.cpu_seconds / self.tasks:.2f} ms a task, "
            f"{self.calls / self.tasks:.3f} engine calls a task"
        )


def handle() -> None:
    """Do nothing, as fast as can be."""


@dataclass
class Bench:
    """One process definition with one task, and what works on it."""

    client: CountingClient
    key: str = field(default_factory=lambda: f"BenchWorker_{uuid.uuid4().hex[:8]}")

    def deploy(self) -> None:
        self.client.deploy(self.key, {"bench.bpmn": PROCESS.format(key=self.key).encode()})

    def start(self, number: int) -> None:
        self.client.start(self.key, {"number": number})

    def measure(self, tasks: int, work: AbstractContextManager[None]) -> Run:
        """Start instances, then measure from the start of what works them off to the last completion."""
        with ThreadPoolExecutor(FILLERS) as pool:
            list(pool.map(self.start, range(tasks)))
        last = self.client.completed + tasks
        calls, cpu, started = self.client.calls, time.process_time(), time.perf_counter()
        with work:
            while self.client.completed < last:
                time.sleep(0.002)
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
            return Run(tasks, seconds, cpu_seconds, self.client.calls - calls)

    @contextmanager
    def bare_loop(self, threads: int) -> Iterator[None]:
        """Fetch as many tasks as there are threads, complete them all, begin again."""
        topic, stop = [TopicSubscription(self.key)], threading.Event()

        def complete(task: ExternalTask) -> None:
            self.client.complete(task.id, "bare")

        def loop() -> None:
            while not stop.is_set():
                list(pool.map(complete, self.client.fetch_and_lock("bare", topic, threads, wait_ms=500)))

        with ThreadPoolExecutor(threads) as pool:
            thread = threading.Thread(target=loop)
            thread.start()
            yield
            stop.set()
            thread.join()

    @contextmanager
    def worker(self, slots: int) -> Iterator[None]:
        """Let a worker do nothing with each task."""
        worker = Worker(self.client, slots=slots, name="bench")
        worker.task(self.key)(handle)
        worker.start()
        yield
        worker.stop()

    def latencies(self, count: int) -> list[float]:
        """Return the seconds from before an instance's start until its task's completion is answered."""
        done = threading.Event()

        class TellingClient(EngineClient):
            def complete(self, *arguments: Any, **options: Any) -> None:
                super().complete(*arguments, **options)
                done.set()

        with TellingClient(self.client.url, auth=self.client._auth, timeout=60) as client:
            worker = Worker(client, name="bench")
            worker.task(self.key)(handle)
            worker.start()
            seconds = [self._latency(number, done) for number in range(count)]
            worker.stop()
        return seconds

    def _latency(self, number: int, done: threading.Event) -> float:
        done.clear()
        started = time.perf_counter()
        self.start(number)
        if not done.wait(30):
            raise SystemExit("a task was not done within 30 s")
        return time.perf_counter() - started


def compare(bench: Bench, slots: int, tasks: int, rounds: int) -> None:
    """Print worker and bare loop, measured in turns so that both meet the same machine."""
    runs: dict[str, list[Run]] = {"bare loop": [], "worker": []}
    for _ in range(rounds):
        runs["bare loop"].append(bench.measure(tasks, bench.bare_loop(slots)))
        runs["worker"].append(bench.measure(tasks, bench.worker(slots)))
    print(f"{slots} slots, empty handler, best of {rounds} rounds of {tasks} tasks")
    for name, several in runs.items():
        print(f"  {name:>9}: {max(several, key=lambda run: run.rate)}")
    ratios = [worker.rate / bare.rate for bare, worker in zip(*runs.values(), strict=True)]
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"  worker / bare loop: {statistics.median(ratios):.2f} (median of {each})")


def measure(client: CountingClient, options: argparse.Namespace) -> None:
    """Run everything and print the figures."""
    bench = Bench(client)
    bench.deploy()
    client.reserve_connections(max(options.slots) + 4)
    bench.measure(options.tasks, bench.worker(max(options.slots)))  # warms up the engine
    for slots in options.slots:
        compare(bench, slots, options.tasks, options.rounds)
    latencies = sorted(1000 * seconds for seconds in bench.latencies(options.latencies))
    p50, p95 = statistics.median(latencies), latencies[int(0.95 * len(latencies))]
    print(f"start to completion, idle worker: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


@contextmanager
def own_engine() -> Iterator[CountingClient]:
    """Run an engine as long as the context lasts; gives a client of it."""
    kind = EngineKind.OPERATON
    with tempfile.TemporaryDirectory() as home:
        state = StackState(
            engine=kind, ports=Ports.free(workers=1), credentials=Credentials.random(), database=None
        )
        stack = LocalStack(Path(home), state, StackOptions(jar=find_jar(kind, None), tied=True))
        passwords = {role.value: password for role, password in state.credentials.passwords.items()}
        try:
            stack.start_engine()
            stack.wait_until_ready()
            auth = BasicAuth("admin", passwords["admin"])
            with CountingClient(stack.addresses.rest, auth=auth, timeout=60) as client:
                yield client
        finally:
            stack.stop()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine-url", help="REST API of a running engine; without it one is started")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password", default="")
    parser.add_argument("--tasks", type=int, default=600, help="tasks in each run")
    parser.add_argument(
        "--slots", type=int, nargs="+", default=[8, 64], help="slots, threads of the bare loop"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latencies", type=int, default=60, help="starts whose latency is measured")
    options = parser.parse_args()
    if options.engine_url is None:
        with own_engine() as client:
            measure(client, options)
        return
    auth = BasicAuth(options.user, options.password)
    with CountingClient(options.engine_url, auth=auth, timeout=60) as client:
        measure(client, options)


if __name__ == "__main__":
    main()
