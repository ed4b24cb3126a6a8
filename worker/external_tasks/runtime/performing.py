"""Where handlers run: each plain one in a thread, all async ones on an event loop."""

import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Protocol

from external_tasks.engine.model import ExternalTask
from external_tasks.handlers.execution import Executed, Executor
from external_tasks.handlers.outcomes import Failure
from external_tasks.handlers.router import TopicHandler
from external_tasks.runtime.event_loop import EventLoop
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.runtime.locks import TaskLock
from external_tasks.runtime.pool import ThreadPool

Finish = Callable[[Executed, float], None]
"""Takes what a handler has done and the seconds that it took; it may block, so it runs in a thread."""

NEVER_BEGAN = Executed(Failure("the task was gone before its handler began"))

REPORTS_SIDE_BY_SIDE = 16
"""Outcomes of async handlers that are reported at the same time: an engine does not work on many more."""

READS_SIDE_BY_SIDE = 32
"""Threads that asyncio calls blocking functions in, at most."""


class Performer(Protocol):
    """Runs handlers."""

    def perform(self, task: ExternalTask, handler: TopicHandler, lock: TaskLock, finish: Finish) -> None:
        """Run a handler, and let `finish` follow it; returns at once."""

    def start(self) -> None:
        """Start its threads."""

    def close(self) -> None:
        """Let its threads end once they have nothing to do."""

    @property
    def is_current(self) -> bool:
        """Whether a handler runs in the calling thread."""
        ...

    @property
    def connections(self) -> int:
        """Calls to the engine that may be under way at once."""
        ...

    @property
    def threads(self) -> list[Thread]:
        """The threads whose end would be the end of all its work."""
        ...

    @property
    def heartbeat(self) -> Heartbeat | None:
        """Shows that handlers go on, where one of them can keep the others from it."""
        ...


class InThreads:
    """Runs each handler, and what follows it, in a slot's thread.

    Args:
        slots: threads.
        executor: runs a handler.
        clock: seconds, for durations.
    """

    heartbeat: Heartbeat | None = None

    def __init__(
        self, slots: int, executor: Executor, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._pool = ThreadPool("slot", slots)
        self._executor = executor
        self._clock = clock
        self.connections = slots
        self.threads: list[Thread] = []

    def perform(self, task: ExternalTask, handler: TopicHandler, lock: TaskLock, finish: Finish) -> None:
        """Run a handler in the next free thread."""
        self._pool.submit(partial(self._perform, task, handler, lock, finish))

    def _perform(self, task: ExternalTask, handler: TopicHandler, lock: TaskLock, finish: Finish) -> None:
        started = self._clock()
        executed = self._executor.execute(task, handler, lock.ended)
        finish(executed, self._clock() - started)

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    def close(self) -> None:
        """Let each thread end once it has nothing to do."""
        self._pool.close()

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is a slot's."""
        return self._pool.is_current


@dataclass(frozen=True)
class OnLoop:
    """Runs each handler as an asyncio task, and what follows it in one of a few threads.

    Args:
        loop: where handlers run.
        reports: threads for what follows them.
        executor: runs a handler.
        context: the context variables that each handler begins with.
        clock: seconds, for durations.
    """

    loop: EventLoop
    reports: ThreadPool
    executor: Executor
    context: Context
    clock: Callable[[], float] = time.perf_counter

    connections = REPORTS_SIDE_BY_SIDE + READS_SIDE_BY_SIDE

    def perform(self, task: ExternalTask, handler: TopicHandler, lock: TaskLock, finish: Finish) -> None:
        """Run a handler as an asyncio task, which ends when the task is no longer the worker's."""
        started = self.clock()

        def ended(executed: Executed | None) -> None:
            self.reports.submit(partial(finish, executed or NEVER_BEGAN, self.clock() - started))

        self.loop.run(
            partial(self.executor.execute_async, task, handler, lock.ended),
            self.context.copy(),
            lock.ended,
            ended,
        )

    def start(self) -> None:
        """Start the loop and the threads."""
        self.loop.start()
        self.reports.start()

    def close(self) -> None:
        """Cancel what still runs, and let the threads end once they have nothing to do."""
        self.loop.close()
        self.reports.close()

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is the loop's."""
        return self.loop.is_current

    @property
    def threads(self) -> list[Thread]:
        """The loop's."""
        return self.loop.threads

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The loop's: a handler that blocks it stops it."""
        return self.loop.heartbeat
