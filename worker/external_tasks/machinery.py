"""The parts of a running worker and their threads."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from external_tasks.cordon import Cordon
from external_tasks.due import DueRetries
from external_tasks.errors import EngineError, NotFound
from external_tasks.execution import Around, Executor
from external_tasks.fetching import Fetcher, FetchPlan
from external_tasks.locks import Hold, LockKeeper
from external_tasks.metrics import Metrics
from external_tasks.model import ExternalTask
from external_tasks.orphans import Orphans
from external_tasks.pool import HandlerPool
from external_tasks.ports import ExternalTaskEngine
from external_tasks.registry import Defaults, TopicHandler
from external_tasks.reporting import Reporter
from external_tasks.retry import Random
from external_tasks.runner import TaskRunner
from external_tasks.slots import Pace, Slots
from external_tasks.status import EngineStatus

logger = logging.getLogger(__name__)

OTHER_CONNECTIONS = 4
"""Connections beside one per slot: long poll, fetch for retries, lock keeper, unlocking at the end."""

MAX_TICK_SECONDS = 5.0
"""The lock keeper looks at least so often."""


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """How a worker works; see `Worker` for each.

    Raises:
        ValueError: a figure makes no sense.
    """

    slots: int = 8
    poll_seconds: float = 5.0
    drain_seconds: float = 25.0
    use_priority: bool = False
    cordon_file: Path | None = None
    defaults: Defaults = field(default_factory=Defaults)

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ValueError("slots must be 1 or more")
        if not 0 < self.poll_seconds <= 1800:  # noqa: PLR2004 - the engine's limit of 30 minutes
            raise ValueError("poll_seconds must be more than 0 and at most 1800")
        if self.defaults.lock_seconds <= 0:
            raise ValueError("lock_seconds must be more than 0")
        if self.drain_seconds < 0:
            raise ValueError("drain_seconds must not be negative")


class Machinery:
    """Everything that runs while a worker works.

    Args:
        engine: where the tasks are.
        settings: how to work.
        worker_id: who works.
        handlers: by topic.
        metrics: counts.
        around: wraps every handler.
        random: spreads delays.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        settings: WorkerSettings,
        worker_id: str,
        handlers: Mapping[str, TopicHandler],
        *,
        metrics: Metrics,
        around: Around | None,
        random: Random,
    ) -> None:
        engine.reserve_connections(settings.slots + OTHER_CONNECTIONS)
        self._engine = engine
        self._settings = settings
        self._stop = Event()
        self._stop_keeping = Event()
        self._status = EngineStatus(metrics)
        self._slots = Slots(settings.slots)
        self._keeper = LockKeeper(engine, worker_id, metrics)
        due, pace = DueRetries(), Pace()
        runner = TaskRunner(
            handlers,
            Executor(self._read_file, random, around),
            self._keeper,
            Reporter(engine, self._status, random),
            due,
            pace,
            metrics,
        )
        self._pool = HandlerPool(self._slots)
        self._take = runner.take
        self._fetcher = Fetcher(
            engine,
            FetchPlan(
                worker_id,
                [handler.subscription for handler in handlers.values()],
                settings.poll_seconds,
                settings.use_priority,
            ),
            slots=self._slots,
            pace=pace,
            due=due,
            start=self._start_task,
            status=self._status,
            metrics=metrics,
            random=random,
            orphans=Orphans(engine, worker_id, self._keeper, due),
            cordon=Cordon(settings.cordon_file),
        )
        self._tick = min(MAX_TICK_SECONDS, min(h.subscription.lock_ms for h in handlers.values()) / 8000)
        self._fetch_threads: list[threading.Thread] = []
        self._keeper_thread = _thread("lock-keeper", self._keeper.run, self._stop_keeping, self._tick)
        metrics.watch_slots(settings.slots, lambda: self._slots.free)

    def start(self) -> None:
        """Begin to fetch and work."""
        self._start_threads(
            _thread("fetch", self._fetcher.run, self._stop),
            _thread("fetch-retries", self._fetcher.run_for_retries, self._stop),
        )

    def start_until_idle(self, ended: Callable[[EngineError | None], None]) -> None:
        """Begin to work on what there is.

        Args:
            ended: called from another thread when there is nothing left, or with the error of a fetch.
        """
        self._start_threads(_thread("fetch", self._until_idle, ended))

    def stop(self) -> bool:
        """Stop fetching, wait for running tasks up to the deadline, unlock the others.

        Returns:
            whether all tasks have ended by themselves.
        """
        self._stop.set()
        # In a thread of its own: the engine may be away, and the deadline counts.
        _thread("cut-poll-short", self._fetcher.cut_poll_short).start()
        poll_ends = time.monotonic() + self._settings.poll_seconds + 2.0
        drained = self._slots.wait_idle(self._settings.drain_seconds)
        for thread in self._fetch_threads:
            thread.join(max(0.0, poll_ends - time.monotonic()))
        self._give_back()
        self._stop_keeping.set()
        self._pool.close()
        return drained

    def why_not_alive(self) -> str:
        """Say what keeps the worker from going on; empty if nothing does."""
        for thread in (*self._fetch_threads, self._keeper_thread):
            if not thread.is_alive() and not self._stop.is_set():
                return f"thread {thread.name} has ended"
        limit = 2 * (self._settings.poll_seconds + self._engine.timeout) + 10
        stalled = self._fetcher.seconds_since_beat
        if stalled > limit and not self._stop.is_set():
            return f"fetch loop stalled for {stalled:.0f} s"
        return ""

    def why_not_ready(self) -> str:
        """Say what keeps the worker from working; empty if nothing does."""
        if self._stop.is_set():
            return "draining"
        if self._fetcher.resting and self._slots.free == self._slots.total:
            # Whoever has cordoned this worker may now take it away: nothing is at work, nothing is asked for.
            return "cordoned, and nothing is at work"
        return "" if self._status.reached else "engine not reached yet"

    def _start_threads(self, *fetch_threads: threading.Thread) -> None:
        self._fetch_threads = list(fetch_threads)
        self._pool.start()
        for thread in (self._keeper_thread, *fetch_threads):
            thread.start()

    def _until_idle(self, ended: Callable[[EngineError | None], None]) -> None:
        try:
            self._fetcher.run_until_idle(self._stop)
        except EngineError as error:
            ended(error)
        else:
            ended(None)

    def _start_task(self, task: ExternalTask) -> bool:
        work = self._take(task)
        if work is not None:
            self._pool.submit(work)
        return work is not None

    def _read_file(self, task: ExternalTask, name: str) -> bytes:
        return self._engine.file_variable(task.process_instance_id, task.execution_id, name)

    def _give_back(self) -> None:
        for held in self._keeper.held:
            held.end(Hold.RELEASED)
            fields = {"topic": held.topic, "task_id": held.task_id}
            try:
                self._engine.unlock(held.task_id)
            except NotFound:
                continue
            except EngineError as error:
                logger.warning("task not unlocked: %s", error, extra=fields)
            else:
                logger.warning("task unlocked, its handler did not end in time", extra=fields)


def _thread(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
    return threading.Thread(target=target, args=args, name=name, daemon=True)
