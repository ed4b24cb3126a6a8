"""An in-memory engine with the verbs of `EngineClient`."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from external_tasks.errors import EngineError, LockLost, NotFound
from external_tasks.model import ExternalTask, TopicSubscription
from external_tasks.testing.task_store import TaskStore
from external_tasks.variables import encode


class FakeEngine(TaskStore):
    """Keeps external tasks in memory and behaves like the real engine towards workers.

    It locks, lets locks expire, counts retries down to an incident, refuses workers that do not hold a task,
    wakes pending fetches for new and unlocked tasks, and not for retries that fall due, and fails on demand.

    Args:
        clock: seconds; a test may give one that it turns by hand.

    Attributes:
        calls: how often each verb was called.
    """

    timeout = 1.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self.calls: Counter[str] = Counter()
        self._faults: defaultdict[str, deque[tuple[EngineError, bool]]] = defaultdict(deque)

    def fail_next(self, verb: str, error: EngineError, *, times: int = 1, after_effect: bool = False) -> None:
        """Let the next calls of a verb raise an error.

        Args:
            verb: the method's name, e.g. ``complete``.
            error: what to raise.
            times: how many calls fail.
            after_effect: the call has its effect, only its answer is lost.
        """
        with self._changed:
            self._faults[verb].extend([(error, after_effect)] * times)

    def set_retries(self, task_id: str, retries: int) -> None:
        """Set how often a task may be tried; more than 0 heals its incident."""
        with self._call("set_retries"):
            self._open(task_id).retries = retries

    def reserve_connections(self, count: int) -> None:
        """Take note of nothing: there are no connections."""

    def fetch_and_lock(
        self,
        worker_id: str,
        topics: Sequence[TopicSubscription],
        max_tasks: int,
        *,
        wait_ms: int = 0,
        use_priority: bool = False,
    ) -> list[ExternalTask]:
        """Lock tasks; waits in real time, whatever the clock is."""
        with self._call("fetch_and_lock"):
            deadline = time.monotonic() + wait_ms / 1000
            while True:
                seen = self._wake_ups
                tasks = self._lock_some(worker_id, topics, max_tasks, use_priority=use_priority)
                left = deadline - time.monotonic()
                if tasks or left <= 0:
                    return tasks
                self._wait_for_wake_up(seen, left)

    def complete(
        self,
        task_id: str,
        worker_id: str,
        variables: Mapping[str, Any] | None = None,
        local_variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task."""
        results, local_results = encode(variables or {}), encode(local_variables or {})
        with self._call("complete"):
            task = self._held(task_id, worker_id)
            task.encoded_results, task.encoded_local_results = results, local_results
            task.state = "completed"

    def failure(
        self, task_id: str, worker_id: str, *, message: str, details: str, retries: int, retry_timeout_ms: int
    ) -> None:
        """Take note that a task failed; it stays locked until it may be tried again."""
        with self._call("failure"):
            task = self._held(task_id, worker_id)
            task.error_message, task.error_details, task.retries = message, details, retries
            task.lock_expires = self._clock() + retry_timeout_ms / 1000

    def bpmn_error(
        self,
        task_id: str,
        worker_id: str,
        code: str,
        message: str,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task by a modelled error."""
        results = encode(variables or {})
        with self._call("bpmn_error"):
            task = self._held(task_id, worker_id)
            task.error_code, task.error_message, task.encoded_results = code, message, results
            task.state = "bpmn_error"

    def extend_lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Extend a lock that has not expired."""
        with self._call("extend_lock"):
            task, now = self._held(task_id, worker_id), self._clock()
            if not task.is_locked(now):
                raise LockLost("Cannot extend a lock that expired", status=400)
            task.lock(worker_id, now + duration_ms / 1000)

    def lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Lock a task that nobody else holds."""
        with self._call("lock"):
            task, now = self._open(task_id), self._clock()
            if task.is_locked(now) and task.worker_id != worker_id:
                raise LockLost(f"It is locked by worker '{task.worker_id}'.", status=400)
            task.lock(worker_id, now + duration_ms / 1000)

    def unlock(self, task_id: str) -> None:
        """Give a task back."""
        with self._call("unlock"):
            task = self._open(task_id)
            task.worker_id = task.lock_expires = None
            self._wake()

    def external_tasks(self, *, first: int = 0, limit: int = 100, **filters: Any) -> list[dict[str, Any]]:
        """List open tasks; the filters are ``workerId``, ``topicName`` and ``locked``."""
        with self._call("external_tasks"):
            now = self._clock()
            found = [
                task.as_listed()
                for task in self._tasks.values()
                if task.state == "open"
                and filters.get("workerId") in {None, task.worker_id}
                and filters.get("topicName") in {None, task.topic}
                and (task.is_locked(now) or not filters.get("locked"))
            ]
            return found[first : first + limit]

    def file_variable(self, process_instance_id: str, execution_id: str, name: str) -> bytes:
        """Return the content of a file that a task was made with."""
        with self._call("file_variable"):
            for task in self._tasks.values():
                if task.process_instance_id == process_instance_id and name in task.files:
                    return task.files[name]
            raise NotFound(f"execution {execution_id} has no file {name}", status=404)

    @contextmanager
    def _call(self, verb: str) -> Iterator[None]:
        with self._changed:
            self.calls[verb] += 1
            error, after_effect = self._faults[verb].popleft() if self._faults[verb] else (None, False)
            if error is not None and not after_effect:
                raise error
            yield
            self._changed.notify_all()
            if error is not None:
                raise error
