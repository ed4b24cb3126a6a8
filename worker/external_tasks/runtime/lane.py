"""One kind of handlers, with all that its tasks need from the fetch to the report, wired in one place."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Lock

from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.handlers.router import TopicHandler
from external_tasks.retry import Random
from external_tasks.runtime.batch_sizing import BatchSizing
from external_tasks.runtime.cordon import Cordon
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.fetching import Fetching, FetchPlan
from external_tasks.runtime.give_back import GiveBack
from external_tasks.runtime.lock_renewer import LockRenewer
from external_tasks.runtime.locks import TaskLocks
from external_tasks.runtime.lost_fetches import LostFetches
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.options import WorkerOptions
from external_tasks.runtime.performing import Performer
from external_tasks.runtime.poll_loop import PollLoop
from external_tasks.runtime.pool import ThreadPool
from external_tasks.runtime.reporting import Reporter
from external_tasks.runtime.retry_loop import RetryLoop
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.runtime.runner import TaskRunner
from external_tasks.runtime.slots import Slots
from external_tasks.runtime.topic_limits import TopicLimits

RENEWALS_SIDE_BY_SIDE = 8
"""Locks that are extended at the same time, so that a slow engine's time for one does not add up."""

OTHER_CONNECTIONS = 4
"""Connections beside those of reports and renewals: poll, fetch for retries, cutting a poll short, end."""

MAX_TICK_SECONDS = 5.0
"""The lock renewer looks at least so often."""

LIVENESS_MARGIN_SECONDS = 10.0
"""How much later than its longest step a loop may go round before it counts as stalled."""

LONGEST_BLOCK_SECONDS = 20.0
"""With the margin above, how long a handler may block the event loop until the worker counts as stalled."""


@dataclass(frozen=True)
class Shared:
    """What the lanes of a worker have in common.

    Args:
        engine: where the tasks are.
        options: how to work.
        metrics: counts.
        status: notes whether the engine answers.
        stop: set when no more tasks are to be taken.
        random: spreads delays.
    """

    engine: ExternalTaskEngine
    options: WorkerOptions
    metrics: Metrics
    status: EngineStatus
    stop: Event
    random: Random


class Lane:
    """Handlers of one kind, plain or async, with slots, fetches and locks of their own.

    The engine's fetch takes one number for all topics. So each kind, which has its own slots, has its own
    fetch: neither waits for the other's slots.

    Args:
        shared: what the worker's lanes have in common.
        worker_id: who works; each lane has an id of its own, as an engine may allow one poll for each.
        handlers: by topic.
        slots: tasks at once.
        performer: runs the handlers.
        name: comes before the names of its threads and loops.
    """

    def __init__(
        self,
        shared: Shared,
        worker_id: str,
        handlers: Mapping[str, TopicHandler],
        *,
        slots: int,
        performer: Performer,
        name: str = "",
    ) -> None:
        engine, options, metrics, random = shared.engine, shared.options, shared.metrics, shared.random
        self._engine, self._options, self._metrics = engine, options, metrics
        self._stop = shared.stop
        self._stop_renewing = Event()
        self._slots = Slots(slots)
        self._performer = performer
        self._name = name
        renewals = min(RENEWALS_SIDE_BY_SIDE, slots)
        self._renewal_pool = ThreadPool("lock-renewal", renewals)
        self._connections = performer.connections + renewals + OTHER_CONNECTIONS
        self._reserved = 0

        locks, timers, sizing = TaskLocks(), RetryTimers(), BatchSizing()
        limits = TopicLimits({topic: handler.limit for topic, handler in handlers.items()})
        give_back = GiveBack(engine, worker_id, timers, random)
        self._runner = TaskRunner(
            handlers=handlers,
            slots=self._slots,
            limits=limits,
            performer=performer,
            locks=locks,
            reporter=Reporter(engine, shared.status, random),
            give_back=give_back,
            timers=timers,
            sizing=sizing,
            metrics=metrics,
        )
        self._fetching = Fetching(
            engine=engine,
            plan=FetchPlan(
                worker_id,
                [handler.subscription for handler in handlers.values()],
                options.poll_seconds,
                options.use_priority,
                options.oldest_first,
            ),
            slots=self._slots,
            limits=limits,
            taker=self._runner,
            status=shared.status,
            metrics=metrics,
            lost=LostFetches(engine, worker_id, locks, timers, give_back),
            stop=self._stop,
            beside_poll=Lock(),
        )
        cordon = Cordon(options.cordon_file)
        self._poll_loop = PollLoop(self._fetching, sizing=sizing, timers=timers, cordon=cordon, random=random)
        self._retry_loop = RetryLoop(
            self._fetching,
            timers=timers,
            cordon=cordon,
            poll_rests=lambda: self._poll_loop.resting,
            random=random,
        )
        self._renewer = LockRenewer(
            engine, worker_id, locks, metrics, submit=self._renewal_pool.submit, side_by_side=renewals
        )
        self._tick = min(MAX_TICK_SECONDS, min(h.subscription.lock_ms for h in handlers.values()) / 8000)
        self._threads: list[threading.Thread] = []
        self._fetch_threads: list[threading.Thread] = []
        self._loops = {"fetch": self._poll_loop.heartbeat}
        if performer.heartbeat is not None:
            self._loops["event-loop"] = performer.heartbeat

    def start(self) -> None:
        """Begin to fetch and work."""
        self._loops["fetch-retries"] = self._retry_loop.heartbeat
        threads = [
            _thread(f"{self._name}fetch", self._poll_loop.run),
            _thread(f"{self._name}fetch-retries", self._retry_loop.run),
        ]
        self.start_with(threads)
        for thread in threads:
            thread.start()

    def start_with(self, fetch_threads: Sequence[threading.Thread]) -> None:
        """Begin to work on what these threads fetch, which the caller starts; the stop waits for them."""
        self._engine.reserve_connections(self._connections)
        self._reserved = self._connections
        self._metrics.watch_slots(self._slots.total, lambda: self._slots.free)
        self._loops["lock-renewer"] = self._renewer.heartbeat
        renewer = _thread(f"{self._name}lock-renewer", self._renewer.run, self._stop_renewing, self._tick)
        self._fetch_threads = list(fetch_threads)
        self._performer.start()
        self._renewal_pool.start()
        for heartbeat in self._loops.values():
            heartbeat.beat()
        renewer.start()
        self._threads = [renewer, *fetch_threads, *self._performer.threads]

    def run_until_idle(self) -> int:
        """Fetch in the calling thread until there is no task and none runs; return how many came.

        Raises:
            Exception: a fetch failed.
        """
        return self._poll_loop.run_until_idle()

    def stop(self) -> bool:
        """Wait for running tasks up to the deadline after the stop, unlock the others.

        Right also for one whose start failed half-way.

        Returns:
            whether all tasks have ended by themselves.
        """
        # In a thread of its own: the engine may be unreachable, and the deadline counts.
        _thread("cut-poll-short", self._fetching.cut_poll_short).start()
        poll_ends = time.monotonic() + self._options.poll_seconds + 2.0
        drained = self._slots.wait_idle(self._options.drain_seconds)
        for thread in self._fetch_threads:
            if thread.ident is not None:
                thread.join(max(0.0, poll_ends - time.monotonic()))
        self._runner.give_back_all()
        self._stop_renewing.set()
        self._performer.close()
        self._renewal_pool.close()
        self._engine.release_connections(self._reserved)
        return drained

    @property
    def is_current(self) -> bool:
        """Whether one of its handlers runs in the calling thread."""
        return self._performer.is_current

    @property
    def resting(self) -> bool:
        """Whether it is cordoned, and no task is running."""
        return self._poll_loop.resting and self._slots.free == self._slots.total

    def why_not_alive(self) -> str:
        """Say what keeps it from going on; empty if nothing does."""
        for thread in self._threads:
            if not thread.is_alive():
                return f"thread {thread.name} has ended"
        longest = {
            "fetch": 2 * (self._options.poll_seconds + self._engine.timeout),
            "fetch-retries": 2 * self._engine.timeout,
            "lock-renewer": MAX_TICK_SECONDS,
            "event-loop": LONGEST_BLOCK_SECONDS,
        }
        for name, heartbeat in self._loops.items():
            if heartbeat.seconds_since > longest[name] + LIVENESS_MARGIN_SECONDS:
                return f"loop {self._name}{name} stalled for {heartbeat.seconds_since:.0f} s"
        return ""


def _thread(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
    return threading.Thread(target=target, args=args, name=name, daemon=True)
