"""What a task costs with everything counted, and what a fetch costs beside a long backlog.

One engine on a PostgreSQL server of its own, both on this machine. First a process of a hundred tasks in a
row, with 11 kB of variables, is worked off by a worker process of this library: tasks per second and core,
where the seconds are the CPU of engine, PostgreSQL and worker together. Then the same questions are asked
beside 500 waiting tasks and beside 50,000: what a worker's fetch costs, and the scaler's count.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from external_tasks import BasicAuth, EngineClient, TopicSubscription, Worker
from hotel.names import EngineKind

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the tests' support, when run as a script

from bench.bench_stack import cpu_of_children, cpu_seconds, stock_settings
from support.lone_engine import LoneEngine
from support.models import process
from support.postgresql import engine_on, postmaster, running_postgresql

PASSWORD = "bench-secret"
KEPT = 'camunda:historyTimeToLive="P1D"'
TASKS = 100
VARIABLES = {f"text_{number}": "x" * 1000 for number in range(11)}
BACKLOGS = (500, 50_000)
AT_ONCE = 1_000
"""Tasks that one instance makes, as starts one by one would take longer than what is measured."""

FETCHED = 10


def sequence() -> bytes:
    """Return a process of a hundred tasks in a row."""
    names = ["start", *(f"task{number}" for number in range(TASKS)), "end"]
    tasks = "".join(
        f'<serviceTask id="{name}" camunda:type="external" camunda:topic="step"/>' for name in names[1:-1]
    )
    flows = "".join(
        f'<sequenceFlow id="to-{after}" sourceRef="{before}" targetRef="{after}"/>'
        for before, after in pairwise(names)
    )
    return process("sequence", f'<startEvent id="start"/>{tasks}<endEvent id="end"/>{flows}', attributes=KEPT)


def crowd() -> bytes:
    """Return a process of as many equal tasks at once as the variable `many` says."""
    task = (
        '<serviceTask id="task" camunda:type="external" camunda:topic="wait">'
        "<multiInstanceLoopCharacteristics><loopCardinality>${many}</loopCardinality>"
        "</multiInstanceLoopCharacteristics></serviceTask>"
    )
    flows = (
        '<sequenceFlow id="in" sourceRef="start" targetRef="task"/>'
        '<sequenceFlow id="out" sourceRef="task" targetRef="end"/>'
    )
    return process("crowd", f'<startEvent id="start"/>{task}<endEvent id="end"/>{flows}', attributes=KEPT)


@dataclass(frozen=True)
class Place:
    """An engine and its database.

    Attributes:
        engine: the process.
        admin: its administrator.
        postmaster: id of the database's first process.
    """

    engine: LoneEngine
    admin: EngineClient
    postmaster: int

    def cpu(self) -> tuple[float, float]:
        """Return the CPU seconds of the engine and of PostgreSQL so far."""
        return cpu_seconds(self.engine.pid), cpu_seconds(self.postmaster)


@contextmanager
def place(kind: EngineKind, settings: Mapping[str, str]) -> Iterator[Place]:
    """Run an engine and its database until the block ends."""
    own = {
        "ENGINE_ADMIN_PASSWORD": PASSWORD,
        "ENGINE_WORKER_PASSWORD": PASSWORD,
        "ENGINE_PROCESS_DEFINITIONS": "*",
    }
    with tempfile.TemporaryDirectory() as folder, running_postgresql(durable=True) as server:
        engine = LoneEngine(kind, Path(folder), {**engine_on(server.url), **own, **settings})
        try:
            engine.wait_until_ready()
            with closing(engine.client("admin", PASSWORD)) as admin:
                admin.deploy("bench", {"sequence.bpmn": sequence(), "crowd.bpmn": crowd()})
                yield Place(engine, admin, postmaster(server.url))
        finally:
            engine.stop()


def work(url: str) -> None:
    """Work off what there is, as a process of its own."""
    with EngineClient(url, auth=BasicAuth("worker", PASSWORD)) as engine:
        worker = Worker(engine, slots=16, lock_seconds=60)

        @worker.task("step", variables=[])
        def step() -> None:
            """Do nothing: what surrounds it is measured."""

        worker.run(once=True)


@dataclass(frozen=True)
class Cost:
    """What so many tasks took.

    Attributes:
        tasks: how many.
        cpu: seconds of engine, PostgreSQL and worker.
        seconds: of time.
    """

    tasks: int
    cpu: tuple[float, float, float]
    seconds: float

    def row(self, name: str) -> str:
        """Return the line of the table."""
        parts = "".join(f"{1000 * part / self.tasks:9.2f}" for part in (*self.cpu, sum(self.cpu)))
        return f"{name:6}{parts} {self.tasks / sum(self.cpu):12.0f} {self.tasks / self.seconds:11.0f}"


def play(found: Place, instances: int) -> Cost:
    """Work off so many instances."""
    for number in range(instances):
        found.admin.start("sequence", VARIABLES, business_key=str(number))
    before, children, began = found.cpu(), cpu_of_children(), time.monotonic()
    subprocess.run([sys.executable, __file__, "--work", found.engine.url], check=True)
    took, worker = time.monotonic() - began, cpu_of_children() - children
    if left := found.admin.count_external_tasks(topicName="step"):
        raise SystemExit(f"{left} tasks were not done")
    engine, database = (after - earlier for after, earlier in zip(found.cpu(), before, strict=True))
    return Cost(instances * TASKS, (engine, database, worker), took)


def all_in(options: argparse.Namespace) -> None:
    """Print what a task costs, with everything counted."""
    size = sum(map(len, VARIABLES.values())) / 1000
    print(f"{options.instances} instances of {TASKS} tasks, {size:.0f} kB of variables; CPU ms per task")
    print("         engine PostgreSQL worker      all   tasks/s·core     tasks/s")
    stock = {name: value for name, value in stock_settings(options.engine).items() if "JAVA" not in name}
    contenders: dict[str, Mapping[str, str]] = {"stock": stock, "ours": {}}
    for name, settings in contenders.items():
        with place(EngineKind(options.engine), settings) as found:
            play(found, options.warm_up)
            print(play(found, options.instances).row(name), flush=True)


def backlog(options: argparse.Namespace) -> None:
    """Print what a fetch and a count cost beside few and many waiting tasks."""
    # The locks end at once, so all tasks wait all the time.
    topic = TopicSubscription("wait", lock_ms=1)
    unlocked = {"topicName": "wait", "notLocked": True, "withRetriesLeft": True}
    with (
        place(EngineKind(options.engine), {}) as found,
        closing(found.engine.client("worker", PASSWORD)) as client,
    ):
        asked: dict[str, Callable[[], object]] = {
            f"fetch of {FETCHED}": lambda: client.fetch_and_lock("bench", [topic], FETCHED),
            "count": lambda: found.admin.count_external_tasks(**unlocked),
        }
        costs: dict[str, list[float]] = {name: [] for name in asked}
        waiting = 0
        for size in options.backlogs:
            while waiting < size:
                more = min(AT_ONCE, size - waiting)
                found.admin.start("crowd", {"many": more})
                waiting += more
            for name, ask in asked.items():
                costs[name].append(_cpu_ms(found, ask, options.rounds))
    few, many = options.backlogs
    print(f"CPU ms of engine and PostgreSQL for a question, beside {few} and {many} waiting tasks")
    for name, (low, high) in costs.items():
        print(f"{name:12} {low:8.2f} {high:8.2f}   ratio {high / low:5.2f}")


def _cpu_ms(found: Place, ask: Callable[[], object], rounds: int) -> float:
    for _ in range(rounds // 4):
        ask()
    before = sum(found.cpu())
    for _ in range(rounds):
        ask()
    return 1000 * (sum(found.cpu()) - before) / rounds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    kinds = [kind.value for kind in EngineKind]
    parser.add_argument("--engine", choices=kinds, default=EngineKind.OPERATON.value)
    parser.add_argument("--instances", type=int, default=40, help="that are measured (40)")
    parser.add_argument("--warm-up", type=int, default=20, help="instances before them (20)")
    parser.add_argument("--rounds", type=int, default=200, help="questions of each kind (200)")
    parser.add_argument("--backlogs", type=int, nargs=2, default=BACKLOGS, help="waiting tasks, few and many")
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    all_in(options)
    backlog(options)


if __name__ == "__main__":
    main()
