"""Workers as processes of their own: what a signal, a crash and a rival do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from support.stacks import Engine
from support.waiting import eventually

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(engine: Engine, probe: Any) -> Iterator[Start]:
    """Starts worker processes, which end with the test."""
    started: list[subprocess.Popen[str]] = []
    user, password = engine.credentials["admin"]

    def start(**settings: float) -> "subprocess.Popen[str]":
        options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        program = Path(__file__).with_name("probe_worker.py")
        process = subprocess.Popen(
            [
                sys.executable,
                str(program),
                f"--topic={probe.key}",
                f"--url={engine.url}",
                f"--user={user}",
                *options,
            ],
            env={**os.environ, "PASSWORD": password},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        output(process).close()


def output(process: "subprocess.Popen[str]") -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def next_line(process: "subprocess.Popen[str]") -> str:
    """Return the next line that a worker writes; the test's own time limit bounds the wait."""
    return output(process).readline().split()[0]


def test_a_killed_workers_task_is_done_by_another_after_the_lock(probe: Any, start: Start) -> None:
    instance = probe.start()
    doomed = start(lock_seconds=3, sleep_seconds=60)
    assert next_line(doomed) == "begin"
    doomed.kill()

    heir = start(lock_seconds=3)
    assert next_line(heir) == "begin"
    probe.wait_ended(instance)

    assert next_line(heir) == "end"


@pytest.mark.any_engine
def test_sigterm_lets_a_running_task_end(probe: Any, start: Start) -> None:
    instance = probe.start()
    worker = start(sleep_seconds=2, drain_seconds=20)
    assert next_line(worker) == "begin"
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(30) == 0
    assert next_line(worker) == "end"
    assert probe.ended_at(instance) == "End"


def test_sigterm_unlocks_what_takes_too_long_and_the_next_worker_gets_it_at_once(
    probe: Any, start: Start
) -> None:
    probe.start()
    worker = start(sleep_seconds=60, drain_seconds=0.5)
    assert next_line(worker) == "begin"
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(30) == 0
    assert len(probe.fetch("next")) == 1


def test_an_idle_worker_stops_at_once(probe: Any, start: Start) -> None:
    """The engine answers the pending long poll when the worker asks it to, so nobody waits for its end."""
    worker = start(poll_seconds=1000)
    probe.wait_ended(probe.start())
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(60) == 0


def test_a_stopped_worker_keeps_no_task(probe: Any, start: Start) -> None:
    worker = start()
    probe.wait_ended(probe.start())
    worker.send_signal(signal.SIGTERM)
    instances = [probe.start() for _ in range(3)]
    worker.wait(30)

    done = [instance for instance in instances if probe.ended_at(instance)]
    assert len(probe.fetch("next")) == len(instances) - len(done)


@pytest.mark.any_engine
def test_a_second_signal_ends_it_at_once(probe: Any, start: Start) -> None:
    probe.start()
    worker = start(sleep_seconds=60, drain_seconds=60)
    assert next_line(worker) == "begin"

    def signalled_until_it_ended() -> bool:
        # Two signals at once might become one.
        worker.send_signal(signal.SIGTERM)
        return worker.poll() is not None

    eventually(signalled_until_it_ended, every=0.5)
    assert worker.returncode == 128 + signal.SIGTERM


def test_two_workers_share_the_load_and_no_task_is_done_twice(probe: Any, start: Start) -> None:
    workers = [start(sleep_seconds=0.1), start(sleep_seconds=0.1)]
    instances = [probe.start() for _ in range(30)]
    for instance in instances:
        probe.wait_ended(instance)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)

    done = [line.split()[1] for worker in workers for line in worker.communicate(timeout=30)[0].splitlines()]

    assert len(done) == 2 * len(set(done)) == 2 * len(instances)
    by = {probe.variables(instance)["done_by"] for instance in instances}
    assert len(by) == 2


def test_a_worker_that_was_made_before_forks_runs_in_each_child(probe: Any, start: Start) -> None:
    """One id for several processes would let each unlock what the others work on."""
    instances = [probe.start() for _ in range(12)]
    parent = start(forks=3, sleep_seconds=1, lock_seconds=5)
    for instance in instances:
        probe.wait_ended(instance)
    parent.send_signal(signal.SIGTERM)
    lines = [line.split() for line in parent.communicate(timeout=60)[0].splitlines()]

    begun = [task for word, task, _ in lines if word == "begin"]
    assert len(begun) == len(set(begun)) == len(instances)
    assert len({worker for _, _, worker in lines}) == 3


def test_a_handler_may_let_forked_processes_work(probe: Any, start: Start) -> None:
    """Children that inherit the worker's handling of SIGTERM would not end when their pool does."""
    instance = probe.start()
    worker = start(pool=2)
    probe.wait_ended(instance)
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(30) == 0
