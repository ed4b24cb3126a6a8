"""Where the in-memory engine keeps its tasks."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.engine.variables import File, encode
from external_tasks.errors import NotFound
from external_tasks.testing.fake_tasks import FakeTask


class TaskStore:
    """Tasks, and what a test does with them.

    Args:
        clock: seconds; a test may give one that it turns by hand.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tasks: dict[str, FakeTask] = {}
        self._numbers = count(1)
        self._changed = threading.Condition(threading.RLock())
        self._wake_ups = 0

    def add_task(
        self,
        topic: str,
        variables: Mapping[str, Any] | None = None,
        *,
        business_key: str | None = None,
        process_definition_key: str = "Process",
        process_definition_version_tag: str | None = None,
        priority: int = 0,
        tenant_id: str | None = None,
    ) -> FakeTask:
        """Make a task that can be fetched."""
        given = dict(variables or {})
        with self._changed:
            number = next(self._numbers)
            task = FakeTask(
                f"task-{number}",
                topic,
                _as_sent(given),
                business_key,
                f"instance-{number}",
                process_definition_key,
                priority,
                tenant_id,
                process_definition_version_tag=process_definition_version_tag,
                files=_contents(given),
            )
            self._tasks[task.id] = task
            self._wake()
            return task

    @property
    def tasks(self) -> Sequence[FakeTask]:
        """All tasks there ever were, the oldest first."""
        return list(self._tasks.values())

    def wait_until(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait until something holds, looked at every few milliseconds; return whether it does."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def cancel(self, task_id: str) -> None:
        """Remove a task, as when its process instance is cancelled."""
        with self._changed:
            self._open(task_id).state = "cancelled"
            self._changed.notify_all()

    def suspend(self, task_id: str, *, suspended: bool = True) -> None:
        """Suspend the instance of a task, or let it go on."""
        with self._changed:
            self._open(task_id).suspended = suspended
            self._changed.notify_all()

    def suspend_caller(self, task_id: str, *, suspended: bool = True) -> None:
        """Suspend the instance that called the instance of a task, or let it go on.

        The task can be fetched, but it cannot end, as then the suspended instance would go on.
        """
        with self._changed:
            self._open(task_id).caller_suspended = suspended
            self._changed.notify_all()

    def _lock_some(
        self, worker_id: str, topics: Sequence[TopicSubscription], max_tasks: int, *, use_priority: bool
    ) -> list[ExternalTask]:
        now = self._clock()
        locked: list[ExternalTask] = []
        candidates = [task for task in self._tasks.values() if task.is_fetchable(now)]
        if use_priority:
            candidates.sort(key=lambda task: -task.priority)
        for task in candidates:
            topic = next((topic for topic in topics if task.matches(topic)), None)
            if topic is not None and len(locked) < max_tasks:
                task.lock(worker_id, now + topic.lock_ms / 1000)
                task.fetched_by.append(worker_id)
                locked.append(task.as_fetched(topic))
        return locked

    def _wait_for_wake_up(self, seen: int, seconds: float) -> None:
        self._changed.wait_for(lambda: self._wake_ups != seen, seconds)

    def _open(self, task_id: str) -> FakeTask:
        task = self._tasks.get(task_id)
        if task is None or task.state != "open":
            raise NotFound(f"Cannot find external task with id {task_id}", status=404)
        return task

    def _held(self, task_id: str, worker_id: str) -> FakeTask:
        task = self._open(task_id)
        task.check_held_by(worker_id)
        return task

    def _wake(self) -> None:
        self._wake_ups += 1
        self._changed.notify_all()


def _as_sent(variables: Mapping[str, Any]) -> dict[str, Any]:
    # A fetch sends the names of files, not their content.
    encoded = encode(variables)
    for variable in encoded.values():
        if variable["type"] == "File":
            variable["value"] = None
    return encoded


def _contents(variables: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: value.content or b"" for name, value in variables.items() if isinstance(value, File)}
