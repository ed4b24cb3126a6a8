"""The reservation process on a real engine, its tasks done by the test itself."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

from external_tasks.engine.client import EngineClient
from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.engine.variables import decode
from external_tasks.errors import EngineError

from support.stacks import Engine

BPMN = Path(__file__).parents[2] / "bpmn"
VARIABLES = {
    "first_name": "Jean",
    "last_name": "Dupont",
    "email": "jean@example.com",
    "check_in": "2027-04-01",
    "check_out": "2027-04-04",
    "room_type": "double",
    "guests": 2,
    "table_wanted": True,
    "hold_limit": "PT15M",
}
FORWARD: dict[str, dict[str, Any]] = {
    "validate-input": {"valid": True, "nights": 3},
    "search-client": {"client_found": False},
    "create-client": {"client_id": "c-1"},
    "check-room-availability": {
        "roomAvailable": True,
        "selected_room_id": "101",
        "price_per_night": 90.0,
    },
    "block-room": {
        "room_id": "101",
        "room_blocked": True,
        "hold_id": "h-1",
        "hold_expires_at": "2027-03-31T12:00:00Z",
    },
    "reserve-table": {"table_id": "t-1", "table_reserved": True},
    "confirm-room": {"room_confirmed": True},
    "create-booking": {"booking_id": "b-1", "status": "confirmed"},
}
"""What the tasks of the straight way set, in its order."""
COMPENSATION: dict[str, dict[str, Any]] = {
    "cancel-booking": {"booking_cancelled": True},
    "cancel-table": {"table_cancelled": True},
    "release-room": {"room_released": True},
}


@dataclass(frozen=True)
class Names:
    """What the processes, their message and their topics are called."""

    key: str = "HotelReservationProcess"
    client_key: str = "ClientCreationProcess"
    message: str = "CancelReservation"
    topic_prefix: str = ""


SHIPPED = Names()
DRIVEN = Names("DrivenReservationProcess", "DrivenClientProcess", "CancelDrivenReservation", "driven-")
"""Names in a copy of the processes, whose tasks no worker takes but the test."""


def driven(model: str) -> bytes:
    """Return the copy of a file of bpmn/."""
    text = (BPMN / model).read_text(encoding="utf-8")
    for shipped, own in [
        (SHIPPED.key, DRIVEN.key),
        (SHIPPED.client_key, DRIVEN.client_key),
        (f'name="{SHIPPED.message}"', f'name="{DRIVEN.message}"'),
        ('camunda:topic="', f'camunda:topic="{DRIVEN.topic_prefix}'),
    ]:
        text = text.replace(shipped, own)
    return text.encode()


@dataclass(frozen=True)
class Job:
    """A timer of the engine."""

    row: dict[str, Any]

    @property
    def seconds_left(self) -> float:
        return (datetime.fromisoformat(self.row["dueDate"]) - datetime.now(UTC)).total_seconds()


class Reservation:
    """One process instance and what a worker, a client and the history know of it."""

    def __init__(self, engine: Engine, instance_id: str, ref: str, names: Names = DRIVEN) -> None:
        self.id = instance_id
        self.ref = ref
        self._names = names
        self.engine = engine
        self.client: EngineClient = engine.client("client")
        self._worker: EngineClient = engine.client("worker")
        self._worker_id = f"test:{uuid4().hex[:8]}"

    def fetch(self, topic: str, wait_seconds: float = 5) -> ExternalTask:
        """Lock the instance's task of this topic; there must be one soon."""
        subscription = TopicSubscription(self._names.topic_prefix + topic, business_key=self.ref)
        tasks = self._worker.fetch_and_lock(
            self._worker_id, [subscription], 1, wait_ms=round(wait_seconds * 1000)
        )
        assert tasks, f"no task {topic}; the instance waits for {self.open_topics()}"
        return tasks[0]

    def complete(self, topic: str, **variables: Any) -> None:
        task = self.fetch(topic)
        self._worker.complete(task.id, self._worker_id, variables)

    def complete_task(self, task: ExternalTask, **variables: Any) -> None:
        self._worker.complete(task.id, self._worker_id, variables)

    def fail(self, topic: str, code: str = "TASK_ERROR", message: str = "sorry", **variables: Any) -> None:
        task = self.fetch(topic)
        self._worker.bpmn_error(task.id, self._worker_id, code, message, variables)

    def give_up(self, topic: str) -> ExternalTask:
        """Report the last try's failure."""
        task = self.fetch(topic)
        self._worker.failure(
            task.id, self._worker_id, message="no", details="", retries=0, retry_timeout_ms=0
        )
        return task

    def walk(self, until: str | None = None) -> None:
        """Complete the tasks of the straight way, up to but without one of them."""
        for topic, variables in FORWARD.items():
            if topic == until:
                return
            self.complete(topic, **variables)

    def walk_from(self, topic: str) -> None:
        """Complete the rest of the straight way."""
        topics = list(FORWARD)
        for left in topics[topics.index(topic) :]:
            self.complete(left, **FORWARD[left])

    def compensate(self) -> None:
        for topic, variables in COMPENSATION.items():
            self.complete(topic, **variables)

    def cancel(self) -> None:
        self.client.post("/message", {"messageName": self._names.message, "businessKey": self.ref})

    def suspend(self, suspended: bool) -> None:  # noqa: FBT001 - the engine's own word
        self.client.put(f"/process-instance/{self.id}/suspended", {"suspended": suspended})

    def clear_the_way(self) -> None:
        """Complete the task of the person who finds out why something could not be undone."""
        admin = self.engine.client("admin")
        (task,) = admin.get("/task", {"processInstanceId": self.id})
        assert task["taskDefinitionKey"] == "Task_ClearTheWay"
        admin.post(f"/task/{task['id']}/complete", {})

    def at_once(self, *calls: Callable[[], object]) -> list[EngineError | None]:
        """Make calls at the same time and return what each raised."""
        barrier = Barrier(len(calls), timeout=10)

        def run(call: Callable[[], object]) -> EngineError | None:
            barrier.wait()
            try:
                call()
            except EngineError as error:
                return error
            return None

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    def open_topics(self) -> list[str]:
        """Return the topics of the tasks that exist for the reference, whatever their state."""
        keys = [self._names.key, self._names.client_key]
        tasks = self.client.external_tasks(processDefinitionKeyIn=keys, limit=1000)
        mine = [task["topicName"] for task in tasks if task["businessKey"] == self.ref]
        return sorted(topic.removeprefix(self._names.topic_prefix) for topic in mine)

    def state(self) -> str:
        return str(self.client.get(f"/history/process-instance/{self.id}")["state"])

    def activities(self) -> list[str]:
        """Return the ids of the activities that were entered, in order."""
        rows = self.client.get(
            "/history/activity-instance",
            {"processInstanceId": self.id, "sortBy": "occurrence", "sortOrder": "asc"},
        )
        return [row["activityId"] for row in rows]

    def variables(self) -> dict[str, Any]:
        rows = self.client.get(
            "/history/variable-instance", {"processInstanceId": self.id, "deserializeValues": False}
        )
        assert len({row["name"] for row in rows}) == len(rows), "a variable exists in two scopes"
        return decode({row["name"]: row for row in rows})

    def end(self, within_seconds: float = 20) -> str:
        """Return the id of the end event of the whole process once it has ended."""
        wait_for(lambda: self.state() == "COMPLETED", within_seconds)
        rows = self.client.get(
            "/history/activity-instance",
            {"processInstanceId": self.id, "sortBy": "startTime", "sortOrder": "asc"},
        )
        ends = [row["activityId"] for row in rows if row["parentActivityInstanceId"] == self.id]
        return str([end for end in ends if end.startswith("EndEvent_")][-1])

    def jobs(self) -> list["Job"]:
        """Return the timers that run for the instance."""
        return [Job(row) for row in self.client.get("/job", {"processInstanceId": self.id})]

    def reach_hold_limit(self) -> None:
        """Let the hold's timer fire now, as the engine does when its time has come."""
        (timer,) = self.jobs()
        self.engine.client("admin").post(f"/job/{timer.row['id']}/execute", {})

    def incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get("/incident", {"processInstanceId": self.id})
        return found


def wait_for(condition: Callable[[], object], within_seconds: float = 20) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


Start = Callable[..., Reservation]
"""Starts a reservation: ``start(ref=None, **changed_variables)``."""

Cancellations = Callable[[str], list[Reservation]]
"""Finds the instances that cancellations of a reference have started."""
