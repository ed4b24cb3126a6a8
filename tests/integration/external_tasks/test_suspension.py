"""Tasks whose process, or the process that called it, is suspended."""

from typing import Any

import pytest
from external_tasks import BusinessError, Task
from support.fixtures import NewWorker
from support.waiting import eventually

CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <process id="Caller_{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/>
    <sequenceFlow id="To_Call" sourceRef="Start" targetRef="Call"/>
    <callActivity id="Call" calledElement="{key}"/>
    <sequenceFlow id="To_End" sourceRef="Call" targetRef="Caller_End"/>
    <endEvent id="Caller_End"/>
  </process>
</definitions>"""


def suspended(probe: Any, worker: Any) -> float:
    labels = {"topic": probe.key, "outcome": "suspended"}
    return worker.metrics.registry.get_sample_value("external_task_worker_tasks_total", labels) or 0.0


@pytest.mark.parametrize("error", [None, BusinessError("KNOWN", "none is free")])
def test_a_task_of_a_suspended_caller_pauses_and_is_done_when_that_goes_on(
    probe: Any, new_worker: NewWorker, error: Exception | None
) -> None:
    """The called instance is active, so the engine gives its task out and then refuses each completion."""
    probe.client.deploy(probe.key, {"caller.bpmn": CALLER.format(key=probe.key).encode()})
    caller = probe.client.start(f"Caller_{probe.key}")
    probe.client.put(f"/process-instance/{caller}/suspended", {"suspended": True})
    worker, runs = new_worker(lock_seconds=30, poll_seconds=1), []

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        runs.append((task.retries, task.attempt))
        if error is not None:
            raise error

    worker.start()
    eventually(lambda: suspended(probe, worker) == 3)
    (task,) = probe.client.external_tasks(topicName=probe.key)
    assert (task["workerId"], task["retries"], len(runs)) == (worker.id, None, 3)

    probe.client.put(f"/process-instance/{caller}/suspended", {"suspended": False})

    probe.wait_ended(caller, "Caller_End")
    assert set(runs) == {(None, 1)}
    assert len(runs) == suspended(probe, worker) + 1


def test_a_stop_during_a_pause_loses_nothing(probe: Any, new_worker: NewWorker) -> None:
    probe.client.deploy(probe.key, {"caller.bpmn": CALLER.format(key=probe.key).encode()})
    caller = probe.client.start(f"Caller_{probe.key}")
    probe.client.put(f"/process-instance/{caller}/suspended", {"suspended": True})
    first, second = new_worker(poll_seconds=1), new_worker(poll_seconds=1)
    for worker in (first, second):
        worker.task(probe.key)(lambda: None)
    first.start()
    eventually(lambda: suspended(probe, first) == 2)
    first.stop()
    probe.client.put(f"/process-instance/{caller}/suspended", {"suspended": False})
    second.start()

    probe.wait_ended(caller, "Caller_End")
