"""One fetch: ask for as many tasks as there are free slots, and hand them over."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock
from typing import Protocol

from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.runtime.engine_status import SLICE_SECONDS, EngineStatus
from external_tasks.runtime.lost_fetches import LostFetches
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.slots import Slots
from external_tasks.runtime.topic_limits import Share, TopicLimits
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

NO_TOPIC = TopicSubscription("external-tasks-none")


class Taker(Protocol):
    """Takes fetched tasks."""

    def start(self, task: ExternalTask) -> None:
        """Work on it; it has taken a slot."""

    def refuse(self, task: ExternalTask, reason: str) -> None:
        """Give it back; it has taken a slot."""


@dataclass(frozen=True)
class FetchPlan:
    """What to ask the engine for.

    Args:
        worker_id: who fetches.
        topics: all topics, in one request.
        poll_seconds: how long the engine may hold a request that finds no task.
        use_priority: tasks of higher priority first.
        oldest_first: of equal priority, those first that the process reached first.
    """

    worker_id: str
    topics: Sequence[TopicSubscription]
    poll_seconds: float
    use_priority: bool = False
    oldest_first: bool = False


@dataclass(frozen=True)
class Fetching:
    """What both fetch loops fetch with; it keeps nothing between two fetches.

    Args:
        engine: where the tasks are.
        plan: what to ask for.
        slots: how many can be taken.
        limits: how many of each topic.
        taker: takes the tasks.
        status: notes whether the engine answers.
        metrics: counts.
        lost: notes fetches that broke off.
        stop: set when no more tasks are to be taken.
        beside_poll: held during a fetch beside the long poll, so that the poll's loop can wait for its end.
        monotonic: seconds of a clock that never goes back.
    """

    engine: ExternalTaskEngine
    plan: FetchPlan
    slots: Slots
    limits: TopicLimits
    taker: Taker
    status: EngineStatus
    metrics: Metrics
    lost: LostFetches
    stop: Event
    beside_poll: Lock
    monotonic: Callable[[], float] = time.monotonic

    def fetch(self, reserved: int, wait_ms: int) -> int:
        """Fetch tasks for reserved slots and hand them over; return how many came.

        Raises:
            Exception: as the engine client does; the slots are free again.
        """
        share = self.limits.reserve(self.plan.topics, reserved)
        if not share.topics:
            self.slots.settle(reserved, 0)
            self.stop.wait(min(SLICE_SECONDS, self.limits.seconds_to_next or SLICE_SECONDS))
            return 0
        started = self.monotonic()
        tasks: list[ExternalTask] = []
        try:
            tasks = self._ask(share, wait_ms)
        finally:
            self.limits.settle(share, [task.topic for task in tasks])
            self.slots.settle(reserved, len(tasks))
        self.status.answered()
        self.metrics.fetched(self.monotonic() - started, (task.topic for task in tasks))
        for task in tasks:
            if self.stop.is_set():
                self.taker.refuse(task, "the worker stops")
            else:
                self.taker.start(task)
        return len(tasks)

    def _ask(self, share: Share, wait_ms: int) -> list[ExternalTask]:
        # Asked for only where it is wanted: engines before 7.20 do not know an order by age.
        order = {"oldest_first": True} if self.plan.oldest_first else {}
        return self.engine.fetch_and_lock(
            self.plan.worker_id,
            share.topics,
            share.tasks,
            wait_ms=wait_ms,
            use_priority=self.plan.use_priority,
            **order,
        )

    def note_failure(self, error: BaseException) -> None:
        """Count and log a fetch that failed."""
        self.lost.suspect(error)
        self.metrics.fetch_failed(getattr(error, "kind", type(error).__name__))
        self.status.failed(error)

    def cut_poll_short(self) -> None:
        """Let a pending poll return at once, if the engine can.

        An engine that is set to allow a worker one pending fetch answers the older one when a second arrives;
        this one asks for a topic that does not exist. Any other engine ends the poll when its time is over.
        """
        try:
            self.engine.fetch_and_lock(self.plan.worker_id, [NO_TOPIC], 1, wait_ms=1)
        except BaseException as error:  # noqa: BLE001 - the poll ends by itself a little later
            logger.debug("poll not cut short: %s", summary(error))
