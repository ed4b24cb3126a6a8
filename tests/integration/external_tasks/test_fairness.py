"""Several topics on one worker, and the order in which tasks are fetched."""

import threading
from datetime import datetime
from typing import Any

from external_tasks import Task
from support.fixtures import NewWorker
from support.waiting import eventually

TWO_TOPICS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <process id="Quick_{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/>
    <sequenceFlow id="To_Task" sourceRef="Start" targetRef="Task"/>
    <serviceTask id="Task" camunda:type="external" camunda:topic="quick_{key}"/>
    <sequenceFlow id="To_End" sourceRef="Task" targetRef="End"/>
    <endEvent id="End"/>
  </process>
</definitions>"""


def test_a_backlog_of_one_topic_does_not_keep_another_waiting(probe: Any, new_worker: NewWorker) -> None:
    probe.client.deploy(probe.key, {"quick.bpmn": TWO_TOPICS.format(key=probe.key).encode()})
    worker, release = new_worker(slots=4, poll_seconds=1), threading.Event()
    worker.task(probe.key, max_tasks=3)(lambda: release.wait(120) and None)
    worker.task(f"quick_{probe.key}")(lambda: None)
    slow = [probe.start() for _ in range(12)]
    worker.start()
    eventually(lambda: probe.count(locked=True) == 3)

    probe.wait_ended(probe.client.start(f"Quick_{probe.key}"))
    assert probe.count(locked=True) == 3
    assert probe.count() == 12

    release.set()
    for instance in slow:
        probe.wait_ended(instance)


def test_the_oldest_tasks_come_first_where_that_is_set(probe: Any, new_worker: NewWorker) -> None:
    worker = new_worker(slots=1, oldest_first=True)
    order: list[datetime] = []

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        assert task.created_at is not None
        order.append(task.created_at)

    for _ in range(6):
        probe.start()
    worker.run(once=True)

    assert len(order) == 6
    assert order == sorted(order)
