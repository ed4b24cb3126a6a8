"""How fast the worker is, as ratios to a bare loop on the same engine in the same run.

Without an address it starts an engine of its own. The bare loop fetches as many tasks as the worker has
slots, completes them with as many threads, and fetches again: what a program does that has no retries, locks,
drain, metrics or logs.
"""

import argparse
import asyncio
import math
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from external_tasks import BasicAuth, EngineClient, ExternalTask, TopicSubscription, Worker
from external_tasks.otel import Tracing
from external_tasks.runtime.options import WorkerOptions
from external_tasks.testing import FakeEngine
from hotel.names import EngineKind
from hotel.ports import Ports
from hotel.stack.credentials import Credentials
from hotel.stack.engine import find_jar
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.state import StackState
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

MOST = 64
"""Threads of the bare loop that default settings are compared with."""

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

    def _call(self, *arguments: Any, **options: Any) -> Any:
        with self._counting:
            self.calls += 1
        return super()._call(*arguments, **options)

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


async def wait_a_second() -> None:
    """Wait, as for another server."""
    await asyncio.sleep(1)


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
    def worker(self, handler: Callable[[], Any] = handle, **settings: Any) -> Iterator[None]:
        """Let a worker do nothing with each task."""
        worker = Worker(self.client, name="bench", **settings)
        worker.task(self.key)(handler)
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


def compare(bench: Bench, slots: int | None, tasks: int, rounds: int) -> None:
    """Print worker and bare loop, measured in turns so that both meet the same machine.

    Args:
        bench: where they work.
        slots: of the worker, and threads of the bare loop; None for the worker's default.
        tasks: in each run.
        rounds: how often.
    """
    runs: dict[str, list[Run]] = {"bare loop": [], "worker": []}
    for _ in range(rounds):
        runs["bare loop"].append(bench.measure(tasks, bench.bare_loop(slots or MOST)))
        runs["worker"].append(bench.measure(tasks, bench.worker(slots=slots or WorkerOptions().slots)))
    what = f"{slots} slots" if slots else f"default settings, bare loop with {MOST} threads"
    print(f"{what}, empty handler, best of {rounds} rounds of {tasks} tasks")
    for name, several in runs.items():
        print(f"  {name:>9}: {max(several, key=lambda run: run.rate)}")
    ratios = [worker.rate / bare.rate for bare, worker in zip(*runs.values(), strict=True)]
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"  worker / bare loop: {statistics.median(ratios):.2f} (median of {each})")


def compare_with_ideal(bench: Bench, tasks: int) -> None:
    """Print how long async tasks take that wait a second each, beside the time that their waiting takes."""
    slots = WorkerOptions().async_slots
    ideal = math.ceil(tasks / slots)
    seconds = _seconds_in_memory(tasks)
    print(f"{tasks} async tasks that wait 1 s each, {slots} async slots, one worker; ideal {ideal} s")
    print(f"  engine in memory: {seconds:.2f} s, {seconds / ideal:.2f} of the ideal")
    run = bench.measure(tasks, bench.worker(wait_a_second))
    print(f"  this engine: {run.seconds:.2f} s, {run.seconds / ideal:.2f} of the ideal; {run}")


def _seconds_in_memory(tasks: int) -> float:
    """Measure the worker alone: on a busy machine the real engine is what limits it."""
    engine = FakeEngine()
    for number in range(tasks):
        engine.add_task("bench", {"number": number})
    worker = Worker(engine, name="bench")
    worker.task("bench")(wait_a_second)
    started = time.perf_counter()
    worker.start()
    engine.wait_until(lambda: engine.calls["complete"] >= tasks, 600)
    seconds = time.perf_counter() - started
    worker.stop()
    return seconds


class DroppingExporter(SpanExporter):
    """Writes spans as they are sent, and sends them nowhere: a collector is another machine's work."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def compare_traced(bench: Bench, tasks: int, rounds: int) -> None:
    """Print what a trace of each task costs, measured in turns."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(DroppingExporter()))
    runs: dict[str, list[Run]] = {"plain": [], "traced": []}
    for _ in range(rounds):
        runs["plain"].append(bench.measure(tasks, bench.worker(slots=MOST)))
        runs["traced"].append(bench.measure(tasks, bench.worker(slots=MOST, middleware=[Tracing(provider)])))
    provider.shutdown()
    print(f"{MOST} slots, empty handler, with a span of each task: best of {rounds} rounds of {tasks} tasks")
    for name, several in runs.items():
        print(f"  {name:>9}: {max(several, key=lambda run: run.rate)}")
    ratios = [traced.rate / plain.rate for plain, traced in zip(*runs.values(), strict=True)]
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"  traced / plain: {statistics.median(ratios):.2f} (median of {each})")
    cores = os.cpu_count() or 1
    added = [
        (traced.cpu_seconds - plain.cpu_seconds) / (plain.seconds * cores)
        for plain, traced in zip(*runs.values(), strict=True)
    ]
    each = ", ".join(f"{share:.1%}" for share in added)
    # The engine's part of a task differs more from run to run than a span costs, so CPU says more than rates.
    print(f"  a span's CPU, of all CPU that a task has: {statistics.median(added):.1%} (median of {each})")


def measure(client: CountingClient, options: argparse.Namespace) -> None:
    """Run everything and print the figures."""
    bench = Bench(client)
    bench.deploy()
    client.reserve_connections(max(MOST, *options.slots) + 4)
    bench.measure(options.tasks, bench.worker(slots=MOST))  # warms up the engine
    compare_with_ideal(bench, options.waiting)
    compare(bench, None, options.tasks, options.rounds)
    compare_traced(bench, options.tasks, options.rounds)
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
        stack = LocalStack(Path(home), state, StackOptions(jar=find_jar(kind, None), die_with_parent=True))
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
    parser.add_argument("--waiting", type=int, default=1000, help="async tasks that wait a second each")
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
