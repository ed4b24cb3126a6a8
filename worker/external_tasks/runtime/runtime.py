"""A worker at work: a lane for its plain handlers, one for its async handlers, or both."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event, Thread
from typing import TypeVar

from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.handlers.execution import Executor
from external_tasks.handlers.router import TopicHandler
from external_tasks.retry import Random
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.event_loop import EventLoop
from external_tasks.runtime.lane import Lane, Shared
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.options import WorkerOptions
from external_tasks.runtime.performing import REPORTS_SIDE_BY_SIDE, InThreads, OnLoop
from external_tasks.runtime.pool import ThreadPool

ASYNC = "async-"
"""Comes before the names of threads of async handlers where there are others too."""

Result = TypeVar("Result")


class Runtime:
    """Everything that runs while a worker works; made in the process, and at the time, that it starts in.

    Args:
        engine: where the tasks are.
        options: how to work.
        worker_id: who works.
        handlers: by topic.
        metrics: counts.
        random: spreads delays.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        options: WorkerOptions,
        worker_id: str,
        handlers: Mapping[str, TopicHandler],
        *,
        metrics: Metrics,
        random: Random,
    ) -> None:
        self._metrics = metrics
        self._stop = Event()
        self._status = EngineStatus(metrics)
        shared = Shared(engine, options, metrics, self._status, self._stop, random)
        context = copy_context()
        executor = Executor(engine.file_variable, random, context, engine)
        plain = {topic: handler for topic, handler in handlers.items() if not handler.is_async}
        on_loop = {topic: handler for topic, handler in handlers.items() if handler.is_async}
        self._lanes: list[Lane] = []
        if plain:
            performer = InThreads(options.slots, executor)
            self._lanes.append(Lane(shared, worker_id, plain, slots=options.slots, performer=performer))
        if on_loop:
            reports = ThreadPool("report", min(REPORTS_SIDE_BY_SIDE, options.async_slots))
            self._lanes.append(
                Lane(
                    shared,
                    f"{worker_id}-async" if plain else worker_id,
                    on_loop,
                    slots=options.async_slots,
                    performer=OnLoop(EventLoop(metrics.loop_blocked), reports, executor, context),
                    name=ASYNC if plain else "",
                )
            )

    @property
    def lanes(self) -> list[Lane]:
        """One for each kind of handlers."""
        return self._lanes

    def start(self) -> None:
        """Begin to fetch and work."""
        for lane in self._lanes:
            lane.start()

    def start_until_idle(self, ended: Callable[[BaseException | None], None]) -> None:
        """Begin to work on what there is.

        Args:
            ended: called from another thread when there is nothing left, or with the error of a fetch.
        """
        thread = Thread(target=self._until_idle, args=(ended,), name="fetch", daemon=True)
        for lane in self._lanes:
            lane.start_with([thread])
        thread.start()

    def stop(self) -> bool:
        """Stop fetching, wait for running tasks up to the deadline, unlock the others.

        Returns:
            whether all tasks have ended by themselves.
        """
        self._stop.set()
        drained = _side_by_side([lane.stop for lane in self._lanes])
        self._metrics.unwatch()
        return all(drained)

    @property
    def is_handler_thread(self) -> bool:
        """Whether the calling thread runs handlers."""
        return any(lane.is_current for lane in self._lanes)

    def why_not_alive(self) -> str:
        """Say what keeps the worker from going on; empty if nothing does."""
        if self._stop.is_set():
            return ""
        return next((reason for lane in self._lanes if (reason := lane.why_not_alive())), "")

    def why_not_ready(self) -> str:
        """Say what keeps the worker from working; empty if nothing does."""
        if self._stop.is_set():
            return "draining"
        if all(lane.resting for lane in self._lanes):
            # The operator that cordoned this worker may now delete its pod.
            return "cordoned, and no task is running"
        return "" if self._status.reached else "engine not reached yet"

    def _until_idle(self, ended: Callable[[BaseException | None], None]) -> None:
        try:
            # A task of one kind may lead to one of the other, so all must find nothing in one round.
            while any(_side_by_side([lane.run_until_idle for lane in self._lanes])) and len(self._lanes) > 1:
                if self._stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - passed on to the thread that waits for the end
            ended(error)
        else:
            ended(None)


def _side_by_side(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make calls at the same time and return what they return; the first one in the calling thread.

    Raises:
        Exception: one of them raised it; the others have ended.
    """
    first, *others = calls
    if not others:
        return [first()]
    with ThreadPoolExecutor(len(others)) as pool:
        futures = [pool.submit(call) for call in others]
        return [first(), *(future.result() for future in futures)]
