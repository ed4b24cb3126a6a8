"""Keeps the locks of running tasks from expiring."""

import math
import time
from collections.abc import Callable
from threading import Event

from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.errors import LockLost, NotFound, TaskSuspended
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.runtime.locks import LockState, TaskLock, TaskLocks
from external_tasks.runtime.metrics import Metrics
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

RETRY_SECONDS = 1.0
"""After an extension that failed, the next try comes so much later."""

LATEST_SHARE, EARLIEST_SHARE = 0.5, 0.2
"""A lock is extended when this share of its life is over; earlier where the engine is slow."""

_FORGETTING = 0.9


class LockRenewer:
    """Extends locks at half of their life, or earlier by the time that extending all of them takes.

    A lock that has expired, say during an outage, is taken again if no other worker has the task. If
    another worker has it, or it is gone, the lock is ended so that the handler can notice.

    Args:
        engine: where the tasks are.
        worker_id: who holds the locks.
        locks: those to keep.
        metrics: counts extensions.
        submit: runs a call to the engine, in a thread or at once.
        side_by_side: how many such calls run at the same time.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        worker_id: str,
        locks: TaskLocks,
        metrics: Metrics,
        *,
        submit: Callable[[Callable[[], None]], None] = lambda work: work(),
        side_by_side: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._locks = locks
        self._metrics = metrics
        self._submit = submit
        self._side_by_side = side_by_side
        self._monotonic = monotonic
        self._slowest_seconds = 0.0
        self._paused_until = float("-inf")
        self.heartbeat = Heartbeat(monotonic)

    def run(self, stop: Event, tick: float) -> None:
        """Extend locks until the stop.

        Args:
            stop: ends it.
            tick: seconds between two looks; a quarter of the shortest half-life is right.
        """
        while not stop.wait(tick):
            self.heartbeat.beat()
            self.renew_due(tick)

    def renew_due(self, tick: float = 0.0) -> None:
        """Extend all locks that fall due before the next look."""
        now = self._monotonic()
        if now < self._paused_until:
            return
        locks = [lock for lock in self._locks.all if lock.state is LockState.HELD and not lock.renewing]
        # The last of all waits for the others: so long before its time the first has to begin.
        lead = self._slowest_seconds * math.ceil(len(locks) / self._side_by_side) + tick
        due = [lock for lock in locks if now - lock.granted_at >= _age_to_renew(lock, lead)]
        for lock in sorted(due, key=lambda lock: lock.granted_at + lock.duration):
            lock.renewing = True
            self._submit(lambda lock=lock: self._renew(lock))  # type: ignore[misc]  # binds the lock of this turn

    def _renew(self, lock: TaskLock) -> None:
        started = self._monotonic()
        try:
            if (
                started >= self._paused_until
                and lock.state is LockState.HELD
                and self._locks.has(lock.task_id)
            ):
                self._extend_or_lock(lock)
                # From before the call on: the engine may have granted it at its beginning.
                lock.granted_at = started
                self._metrics.lock_extended(lock.topic)
        except NotFound:
            self._end(lock, LockState.CANCELLED)
        except LockLost:
            self._end(lock, LockState.LOST)
        except BaseException as error:  # noqa: BLE001 - whatever fails here, the locks must be kept on
            # The engine cannot be asked now, and asking for each of the others would only take long.
            self._paused_until = self._monotonic() + RETRY_SECONDS
            logger.warning("lock not extended: %s", summary(error), extra=self._fields(lock))
        finally:
            self._slowest_seconds = max(self._monotonic() - started, self._slowest_seconds * _FORGETTING)
            lock.renewing = False

    def _extend_or_lock(self, lock: TaskLock) -> None:
        milliseconds = round(lock.duration * 1000)
        try:
            self._engine.extend_lock(lock.task_id, self._worker_id, milliseconds)
        except (LockLost, TaskSuspended):
            self._engine.lock(lock.task_id, self._worker_id, milliseconds)

    def _end(self, lock: TaskLock, state: LockState) -> None:
        # A task under report is gone when its report has arrived: the reporter alone knows what that means.
        if lock.reporting or not self._locks.has(lock.task_id):
            return
        lock.end(state)
        logger.warning("task %s while its handler runs", state.value, extra=self._fields(lock))

    def _fields(self, lock: TaskLock) -> dict[str, str]:
        return {"topic": lock.topic, "task_id": lock.task_id, "worker_id": self._worker_id}


def _age_to_renew(lock: TaskLock, lead: float) -> float:
    return max(lock.duration * EARLIEST_SHARE, lock.duration * LATEST_SHARE - lead)
