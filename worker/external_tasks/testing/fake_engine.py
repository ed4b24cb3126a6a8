"""An in-memory engine with the verbs of `EngineClient`."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from external_tasks.engine import messages
from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.engine.variables import encode
from external_tasks.errors import EngineError, LockLost, NotFound
from external_tasks.testing.messages import MessageStore
from external_tasks.testing.task_store import TaskStore


class FakeEngine(MessageStore, TaskStore):
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
        """Do nothing: there are no connections."""

    def release_connections(self, count: int) -> None:
        """Do nothing: there are no connections."""

    def fetch_and_lock(
        self,
        worker_id: str,
        topics: Sequence[TopicSubscription],
        max_tasks: int,
        *,
        wait_ms: int = 0,
        use_priority: bool = False,
        oldest_first: bool = False,  # noqa: ARG002 - they are always given out in the order of their creation
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
            task.check_can_end()
            task.encoded_results, task.encoded_local_results = results, local_results
            task.state = "completed"

    def failure(
        self,
        task_id: str,
        worker_id: str,
        *,
        message: str,
        details: str,
        retries: int,
        retry_timeout_ms: int,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a task failed; it stays locked until it may be tried again."""
        changed = encode(variables or {})
        with self._call("failure"):
            task = self._held(task_id, worker_id)
            task.error_message, task.error_details, task.retries = message, details, retries
            task.lock_expires = self._clock() + retry_timeout_ms / 1000
            task.encoded |= changed

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
            task.check_can_end(code)
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
        """Lock a task that no other worker holds."""
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

    def has_suspended_caller(self, process_instance_id: str) -> bool:
        """Whether a task's caller was suspended with `suspend_caller`."""
        with self._call("has_suspended_caller"):
            return any(
                task.caller_suspended
                for task in self._tasks.values()
                if task.process_instance_id == process_instance_id
            )

    def file_variable(self, task: ExternalTask, name: str) -> bytes:
        """Return the content of a file that a task was made with."""
        with self._call("file_variable"):
            known = self._tasks.get(task.id)
            if known is None or name not in known.files:
                raise NotFound(f"no file variable {name!r} is visible to the task {task.id}", status=404)
            return known.files[name]

    def correlate(
        self,
        name: str,
        *,
        business_key: str | None = None,
        process_instance_id: str | None = None,
        correlation_keys: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
    ) -> str | None:
        """Give a message to the one that waits for it; see `expect_message`."""
        body = messages.correlation(
            name, business_key, process_instance_id, correlation_keys, variables, tenant_id
        )
        with self._call("correlate"):
            return self._deliver(body)

    def signal(
        self,
        name: str,
        *,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Give a signal to all that wait for it; see `expect_signal`."""
        body = messages.signal(name, variables, tenant_id)
        with self._call("signal"):
            self._broadcast(body)

    def was_ever_set(self, variable: str) -> bool:
        """Whether a message or signal has set a variable of this name."""
        with self._call("was_ever_set"):
            return self._has_set(variable)

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
