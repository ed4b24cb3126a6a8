"""Keeps the locks of running tasks from expiring, all in one thread."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from threading import Event

from external_tasks.errors import EngineError, LockLost, NotFound, TaskSuspended
from external_tasks.metrics import Metrics
from external_tasks.ports import ExternalTaskEngine

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After an extension that failed, the next try comes so much later."""


class Hold(Enum):
    """How things stand between a worker and a task that it has fetched."""

    HELD = "held"
    GONE = "cancelled"
    LOST = "lost"
    RELEASED = "unlocked"


@dataclass(eq=False, slots=True)
class HeldLock:
    """The lock of one running task.

    Args:
        task_id: whose lock it is.
        topic: the task's topic.
        duration: seconds that the lock lasts when it is taken or extended.
        extend_at: monotonic time from which on it is to be extended.
        state: how things stand.
        reporting: the handler has ended and its outcome is on the way to the engine.
        reported_retries: the retries that a failure on the way says are left; None for any other outcome.
        ended: set when the task is no longer this worker's.
    """

    task_id: str
    topic: str
    duration: float
    extend_at: float
    state: Hold = Hold.HELD
    reporting: bool = False
    reported_retries: int | None = None
    ended: Event = field(default_factory=Event)

    def end(self, state: Hold) -> None:
        """Say once and for all that the task is no longer this worker's."""
        if self.state is Hold.HELD:
            self.state = state
            self.ended.set()


class LockKeeper:
    """Extends the locks it is given at half of their life.

    A lock that has expired, say while the engine was away, is taken anew if nobody else has the task. If
    another worker has it, or it is gone, the task is marked so that its handler can look.

    Args:
        engine: where the tasks are.
        worker_id: who holds them.
        metrics: counts extensions.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        worker_id: str,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._metrics = metrics
        self._monotonic = monotonic
        self._held: dict[str, HeldLock] = {}

    def hold(self, task_id: str, topic: str, duration: float) -> HeldLock:
        """Take care of the lock of a task that was just fetched."""
        held = HeldLock(task_id, topic, duration, self._monotonic() + duration / 2)
        self._held[task_id] = held
        return held

    def drop(self, held: HeldLock) -> None:
        """Let go of a task that has ended."""
        if self._held.get(held.task_id) is held:
            del self._held[held.task_id]

    def renew(self, task_id: str, retries: int | None) -> bool:
        """Note that a task was fetched; return whether it is under way already, as its lock had expired.

        If it comes back with the retries that a failure on the way says are left, that report has arrived and
        this is the next attempt.
        """
        held = self._held.get(task_id)
        if held is None or (held.reported_retries is not None and held.reported_retries == retries):
            return False
        held.extend_at = self._monotonic() + held.duration / 2
        return True

    def keeps(self, task_id: str) -> bool:
        """Whether a task is in its care."""
        return task_id in self._held

    @property
    def held(self) -> list[HeldLock]:
        """The locks in its care."""
        return list(self._held.values())

    def run(self, stop: Event, tick: float) -> None:
        """Extend until told to stop.

        Args:
            stop: ends it.
            tick: seconds between two looks; a quarter of the shortest half-life is right.
        """
        while not stop.wait(tick):
            self.extend_due(tick)

    def extend_due(self, tick: float = 0.0) -> None:
        """Extend all locks whose half-life is over before the next look."""
        horizon = self._monotonic() + tick
        due = (held for held in self.held if held.extend_at <= horizon and held.state is Hold.HELD)
        self._extend_all(sorted(due, key=lambda held: held.extend_at))

    def _extend_all(self, due: Iterable[HeldLock]) -> None:
        for held in due:
            try:
                self._extend(held)
            except EngineError as error:
                # The engine is away or overloaded: asking for each of the others would only take long.
                held.extend_at = self._monotonic() + RETRY_SECONDS
                logger.warning("lock not extended: %s", error, extra=self._fields(held))
                return

    def _extend(self, held: HeldLock) -> None:
        now = self._monotonic()
        try:
            self._extend_or_lock(held)
        except NotFound:
            self._end(held, Hold.GONE)
        except LockLost:
            self._end(held, Hold.LOST)
        else:
            held.extend_at = now + held.duration / 2
            self._metrics.lock_extended(held.topic)

    def _extend_or_lock(self, held: HeldLock) -> None:
        milliseconds = round(held.duration * 1000)
        try:
            self._engine.extend_lock(held.task_id, self._worker_id, milliseconds)
        except (LockLost, TaskSuspended):
            self._engine.lock(held.task_id, self._worker_id, milliseconds)

    def _end(self, held: HeldLock, state: Hold) -> None:
        # A task under report is gone when its report has arrived: the reporter alone knows what that means.
        if held.reporting or held.task_id not in self._held:
            return
        held.end(state)
        logger.warning("task %s while its handler runs", state.value, extra=self._fields(held))

    def _fields(self, held: HeldLock) -> dict[str, str]:
        return {"topic": held.topic, "task_id": held.task_id, "worker_id": self._worker_id}
