"""The engine goes away and comes back while a worker works."""

import threading
from typing import Any

import pytest
from external_tasks import Task
from support.fixtures import NewWorker
from support.stacks import Engine


@pytest.mark.parametrize("lock_seconds", [300, 2], ids=["lock_holds", "lock_expires"])
def test_a_task_that_runs_while_the_engine_crashes_is_done_once(
    engine: Engine, probe: Any, new_worker: NewWorker, lock_seconds: float
) -> None:
    worker, runs, go_on = new_worker(lock_seconds=lock_seconds, poll_seconds=2), [], threading.Event()
    started = threading.Event()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        runs.append(task.id)
        started.set()
        go_on.wait(120)

    instance = probe.start()
    worker.start()
    assert started.wait(30)
    engine.kill()
    go_on.set()
    engine.start()
    probe.wait_ended(instance)
    after = probe.start()
    probe.wait_ended(after)

    assert len(runs) == 2
    assert len(set(runs)) == 2
