"""Fetches tasks: one long poll for all topics, never for more tasks than there are free slots."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock

from external_tasks.cordon import Cordon
from external_tasks.due import GRID_SECONDS, DueRetries
from external_tasks.errors import EngineError
from external_tasks.metrics import Metrics
from external_tasks.model import ExternalTask, TopicSubscription
from external_tasks.orphans import Orphans
from external_tasks.outages import seconds_to_wait
from external_tasks.ports import ExternalTaskEngine
from external_tasks.retry import Random
from external_tasks.slots import Pace, Slots
from external_tasks.status import EngineStatus

logger = logging.getLogger(__name__)

SLICE_SECONDS = 0.5
"""No wait inside the loop is longer, so that it notices a stop and shows that it is alive."""

IDLE_WAIT_MS = 200
"""How long a fetch is held while the last tasks of a run until idle are under way."""


NO_TOPIC = TopicSubscription("external-tasks-none")


@dataclass(frozen=True)
class FetchPlan:
    """What to ask the engine for.

    Args:
        worker_id: who fetches.
        topics: all topics, in one request.
        poll_seconds: how long the engine may hold a request that finds no task.
        use_priority: tasks of higher priority first.
    """

    worker_id: str
    topics: Sequence[TopicSubscription]
    poll_seconds: float
    use_priority: bool = False


class Fetcher:
    """The loop that fetches, and the one beside it for retries that fall due.

    Args:
        engine: where the tasks are.
        plan: what to ask for.
        slots: how many can be taken.
        pace: how long waiting for a larger batch pays.
        due: when retries of our own fall due.
        start: runs a fetched task in a slot; False if that task is running already.
        status: hears whether the engine answers.
        metrics: counts.
        random: spreads delays.
        orphans: unlocks what a fetch locked whose answer was lost.
        cordon: tells when nothing is to be fetched.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(  # noqa: PLR0913 - it is where all parts of a worker meet
        self,
        engine: ExternalTaskEngine,
        plan: FetchPlan,
        *,
        slots: Slots,
        pace: Pace,
        due: DueRetries,
        start: Callable[[ExternalTask], bool],
        status: EngineStatus,
        metrics: Metrics,
        random: Random,
        orphans: Orphans,
        cordon: Cordon,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._slots = slots
        self._pace = pace
        self._due = due
        self._start = start
        self._status = status
        self._metrics = metrics
        self._random = random
        self._orphans = orphans
        self._cordon = cordon
        self._fetching_beside = Lock()
        self._monotonic = monotonic
        self._polling = False
        self._resting = False
        self._cut = False
        self._more_queue_up = False
        self._errors = 0
        self._beat = monotonic()

    @property
    def seconds_since_beat(self) -> float:
        """How long ago the loop last went round; a long poll or an outage keeps it at most so long."""
        return self._monotonic() - self._beat

    @property
    def resting(self) -> bool:
        """Whether nothing is fetched and no fetch is under way, because the worker is cordoned."""
        return self._resting

    def run(self, stop: Event) -> None:
        """Fetch until told to stop; while the worker is cordoned, rest."""
        while not stop.is_set():
            self._beat = self._monotonic()
            self._guarded(self._rest if self._cordon.is_set else self._poll, stop)

    def run_for_retries(self, stop: Event) -> None:
        """Fetch whenever a retry falls due while a long poll is pending, until told to stop."""
        while not stop.is_set():
            if self._due.wait(SLICE_SECONDS):
                self._due.forget_due()
                self._guarded(self._fetch_beside_poll, stop)
            if self._polling and self._cordon.is_set:
                self._cut = True
                self.cut_poll_short()

    def cut_poll_short(self) -> None:
        """Let a pending poll return at once, if the engine can.

        An engine that is set to allow a worker one pending fetch answers the older one when a second arrives;
        this one asks for a topic that nobody uses. Any other engine ends the poll when its time is over.
        """
        with suppress(EngineError):
            self._engine.fetch_and_lock(self._plan.worker_id, [NO_TOPIC], 1, wait_ms=1)

    def run_until_idle(self, stop: Event) -> None:
        """Fetch until there is nothing to fetch and nothing running.

        Raises:
            EngineError: a fetch failed.
        """
        while not stop.is_set():
            self._beat = self._monotonic()
            free = self._slots.free
            asked = self._reserve()
            if not asked:
                continue
            idle = free == self._slots.total
            # While tasks run, the engine tells of what they lead to; the last of them ends meanwhile.
            brought = self._fetch(asked, 0 if idle else IDLE_WAIT_MS, stop)
            if idle and not brought:
                return

    def _guarded(self, fetch: Callable[[Event], None], stop: Event) -> None:
        try:
            fetch(stop)
        except EngineError as error:
            if stop.is_set():
                return
            self._orphans.suspect(error)
            if self._cut:
                # The engine answers with an error what it is told to end: nothing is wrong.
                self._cut = False
                return
            self._metrics.fetch_failed(error.kind)
            self._status.failed(error)
            self._errors += 1
            self._pause(seconds_to_wait(error, self._errors, self._random), stop)
        except Exception:
            logger.exception("the fetch loop met an error of its own and goes on")
            self._pause(1.0, stop)

    def _rest(self, stop: Event) -> None:
        # The lock: a fetch for retries may still be under way beside the poll that has just ended.
        with self._fetching_beside:
            if not self._resting:
                logger.info("cordoned: no more tasks are fetched", extra={"worker_id": self._plan.worker_id})
            self._resting = True
            self._orphans.unlock()
        stop.wait(SLICE_SECONDS)

    def _poll(self, stop: Event) -> None:
        if self._resting:
            logger.info("no longer cordoned", extra={"worker_id": self._plan.worker_id})
        self._resting = self._cut = False
        asked = self._reserve()
        if not asked:
            return
        self._polling = True
        try:
            self._fetch(asked, self._wait_ms(), stop)
        finally:
            self._polling = False
        self._errors = 0
        with self._fetching_beside:
            self._orphans.unlock()

    def _reserve(self) -> int:
        if not self._more_queue_up:
            return self._slots.reserve(timeout=SLICE_SECONDS)
        return self._slots.reserve(
            at_least=self._pace.batch(self._slots.total),
            linger=self._pace.linger_seconds(),
            timeout=SLICE_SECONDS,
        )

    def _fetch_beside_poll(self, stop: Event) -> None:
        # Slots that became free after the poll was sent are what the poll did not ask for. No poll, no need:
        # the next one is about to be sent, or no slot is free.
        with self._fetching_beside:
            asked = self._slots.reserve() if self._polling else 0
            if asked:
                self._fetch(asked, 0, stop)

    def _fetch(self, asked: int, wait_ms: int, stop: Event) -> int:
        plan, started = self._plan, self._monotonic()
        tasks: list[ExternalTask] = []
        try:
            tasks = self._engine.fetch_and_lock(
                plan.worker_id, plan.topics, asked, wait_ms=wait_ms, use_priority=plan.use_priority
            )
        finally:
            self._slots.settle(asked, len(tasks))
        self._more_queue_up = len(tasks) == asked
        self._status.answered()
        self._metrics.fetched(self._monotonic() - started, (task.topic for task in tasks))
        if stop.is_set():
            self._give_back(tasks)
        else:
            self._start_all(tasks)
        return len(tasks)

    def _start_all(self, tasks: Sequence[ExternalTask]) -> None:
        for task in tasks:
            if not self._start(task):
                # The lock had expired and the engine gave us what we are still working on.
                logger.warning("task fetched again while it is running", extra={"task_id": task.id})
                self._slots.release()

    def _give_back(self, tasks: Sequence[ExternalTask]) -> None:
        for task in tasks:
            self._slots.release()
            try:
                self._engine.unlock(task.id)
            except EngineError as error:
                logger.warning("task not unlocked: %s", error, extra={"task_id": task.id})

    def _wait_ms(self) -> int:
        if not self._status.reached:
            return 0
        seconds = self._plan.poll_seconds
        to_next = self._due.seconds_to_next()
        if to_next is not None:
            seconds = min(seconds, max(to_next, GRID_SECONDS))
        return max(1, round(seconds * 1000))

    def _pause(self, seconds: float, stop: Event) -> None:
        until = self._monotonic() + seconds
        while (left := until - self._monotonic()) > 0 and not stop.wait(min(left, SLICE_SECONDS)):
            self._beat = self._monotonic()
