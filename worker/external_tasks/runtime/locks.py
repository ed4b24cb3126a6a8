"""The locks of the tasks that this worker has under way."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock

from external_tasks.engine.model import ExternalTask
from external_tasks.handlers.cancellation import Cancellation


class LockState(Enum):
    """Whether a worker still has a task that it fetched, and why not; the value is the result in metrics."""

    HELD = "held"
    CANCELLED = "cancelled"
    LOST = "lost"
    UNLOCKED = "unlocked"


@dataclass(eq=False, slots=True)
class TaskLock:
    """The lock of one task under way.

    Args:
        task_id: whose lock it is.
        topic: the task's topic.
        duration: seconds that the lock lasts when it is taken or extended.
        granted_at: monotonic time at which the engine granted it last, at the latest.
        state: whether it is held; it leaves `HELD` once and for all.
        reporting: the handler has ended and its outcome is on the way to the engine.
        reported_retries: the retries that a failure on the way says are left; None for any other outcome.
        fetched_again: the engine gave out the task once more while this worker was busy with it.
        renewing: an extension is on the way.
        ended: set when the task is no longer this worker's.
    """

    task_id: str
    topic: str
    duration: float
    granted_at: float
    state: LockState = LockState.HELD
    reporting: bool = False
    reported_retries: int | None = None
    fetched_again: bool = False
    renewing: bool = False
    ended: Cancellation = field(default_factory=Cancellation)

    def end(self, state: LockState) -> None:
        """Note that the task is no longer this worker's; only the first reason counts."""
        if self.state is LockState.HELD:
            self.state = state
            self.ended.set()

    def begin_report(self, retries: int | None) -> None:
        """Note that an outcome is on its way, with the retries that it leaves if it is a failure."""
        self.reporting, self.reported_retries = True, retries


class TaskLocks:
    """The locks under way, by task; safe for threads.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._locks: dict[str, TaskLock] = {}
        self._changing = Lock()

    def take(self, task: ExternalTask, duration: float) -> TaskLock | None:
        """Take charge of the lock of a task that was just fetched.

        Returns:
            the lock; None if the task is under way already: its lock had expired, so that the engine gave it
            out again. If it comes back with the retries that a failure on the way says are left, that report
            has arrived and this is the next attempt.
        """
        with self._changing:
            known, now = self._locks.get(task.id), self._monotonic()
            if known is not None and (
                known.reported_retries is None or known.reported_retries != task.retries
            ):
                known.granted_at, known.fetched_again = now, True
                return None
            lock = self._locks[task.id] = TaskLock(task.id, task.topic, duration, now)
            return lock

    def drop(self, lock: TaskLock) -> None:
        """Let go of the lock of a task that has ended here."""
        with self._changing:
            if self._locks.get(lock.task_id) is lock:
                del self._locks[lock.task_id]

    def has(self, task_id: str) -> bool:
        """Whether a task is under way."""
        return task_id in self._locks

    @property
    def all(self) -> list[TaskLock]:
        """The locks of all tasks under way."""
        with self._changing:
            return list(self._locks.values())
