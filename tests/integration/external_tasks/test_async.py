"""Async handlers and typed payloads on a real engine."""

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from external_tasks import AllVariables, File, Task
from support.fixtures import NewWorker
from support.waiting import eventually

PLAIN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <process id="Plain_{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/>
    <sequenceFlow id="To_Task" sourceRef="Start" targetRef="Task"/>
    <serviceTask id="Task" camunda:type="external" camunda:topic="plain_{key}"/>
    <sequenceFlow id="To_End" sourceRef="Task" targetRef="End"/>
    <endEvent id="End"/>
  </process>
</definitions>"""


def test_full_slots_of_one_kind_keep_no_task_of_the_other_waiting(probe: Any, new_worker: NewWorker) -> None:
    probe.client.deploy(probe.key, {"plain.bpmn": PLAIN.format(key=probe.key).encode()})
    worker, release, most, running = (
        new_worker(slots=1, async_slots=20, poll_seconds=30),
        threading.Event(),
        0,
        0,
    )
    worker.task(f"plain_{probe.key}")(lambda: release.wait(120) and None)

    @worker.task(probe.key)
    async def handle() -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        running -= 1

    plain = [probe.client.start(f"Plain_{probe.key}") for _ in range(2)]
    worker.start()
    topic = f"plain_{probe.key}"
    eventually(lambda: probe.client.count_external_tasks(topicName=topic, locked=True) == 1)

    for instance in [probe.start() for _ in range(20)]:
        probe.wait_ended(instance)
    assert most > 1
    assert probe.client.count_external_tasks(topicName=topic) == 2

    release.set()
    for instance in plain:
        probe.wait_ended(instance)


def test_a_cancelled_instance_cancels_its_async_handler(probe: Any, new_worker: NewWorker) -> None:
    worker, began, cancelled = new_worker(lock_seconds=2), threading.Event(), threading.Event()

    @worker.task(probe.key)
    async def handle(task: Task) -> None:
        began.set()
        try:
            await task.wait_async(120)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    instance = probe.start()
    worker.start()
    assert began.wait(60)
    probe.client.delete(f"/process-instance/{instance}")

    assert cancelled.wait(60)


def test_a_stop_gives_back_the_tasks_of_both_kinds(probe: Any, new_worker: NewWorker) -> None:
    probe.client.deploy(probe.key, {"plain.bpmn": PLAIN.format(key=probe.key).encode()})
    worker, began, release = (
        new_worker(drain_seconds=0),
        [threading.Event(), threading.Event()],
        threading.Event(),
    )

    @worker.task(f"plain_{probe.key}")
    def plain() -> None:
        began[0].set()
        release.wait(120)

    @worker.task(probe.key)
    async def later() -> None:
        began[1].set()
        await asyncio.sleep(120)

    probe.client.start(f"Plain_{probe.key}")
    probe.start()
    worker.start()
    assert all(event.wait(60) for event in began)

    assert worker.stop() is False
    release.set()
    assert probe.count(locked=True) == 0
    assert probe.client.count_external_tasks(topicName=f"plain_{probe.key}", locked=True) == 0


@dataclass
class Line:
    article: str
    price: Decimal


@dataclass
class Order:
    number: int
    made: datetime
    lines: list[Line]


def test_objects_and_files_go_through_the_engine(probe: Any, new_worker: NewWorker) -> None:
    worker, made = new_worker(), datetime(2031, 5, 1, 12, tzinfo=UTC)

    @worker.task(probe.key)
    async def handle(order: Annotated[Order, AllVariables], first: Line, task: Task) -> dict[str, Any]:
        assert order == Order(7, made, [Line("tea", Decimal("4.50"))])
        content = await task.read_file_async("letter")
        return {"first": Line(first.article, first.price * 2), "length": len(content)}

    lines = [Line("tea", Decimal("4.50"))]
    given = {
        "number": 7,
        "made": made,
        "lines": lines,
        "first": lines[0],
        "letter": File("a.txt", b"Dear guest"),
    }
    instance = probe.start(given)
    worker.start()
    probe.wait_ended(instance)

    found = probe.variables(instance)
    assert (found["first"], found["length"]) == ('{"article":"tea","price":"9.00"}', 10)
