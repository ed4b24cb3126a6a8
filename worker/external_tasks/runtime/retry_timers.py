"""Remembers when the retries of our own failures fall due: the engine wakes no pending fetch for them."""

import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush

GRID_SECONDS = 0.1
"""Due times are rounded up to this grid, so that many failures at once cause one fetch."""


class RetryTimers:
    """Tasks that failed here and the times from which on they can be fetched again; safe for threads.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._times: list[int] = []
        self._tasks: dict[int, set[str]] = {}
        self._changed = threading.Condition()

    def add(self, task_id: str, seconds: float) -> None:
        """Remember that a task can be fetched again in so many seconds."""
        slot = int((self._monotonic() + seconds) / GRID_SECONDS) + 1
        with self._changed:
            if slot not in self._tasks:
                self._tasks[slot] = set()
                heappush(self._times, slot)
                self._changed.notify()
            self._tasks[slot].add(task_id)

    def waits_for(self, task_id: str) -> bool:
        """Whether a task failed here and is not due yet."""
        with self._changed:
            return any(task_id in tasks for tasks in self._tasks.values())

    def seconds_to_next(self) -> float | None:
        """Return the seconds to the next due time, 0 or less if it is over; None if there is none."""
        with self._changed:
            return self._seconds_to_next()

    def forget_due(self) -> bool:
        """Forget the times that are over; return whether there were any."""
        now = self._monotonic() / GRID_SECONDS
        with self._changed:
            before = len(self._times)
            while self._times and self._times[0] <= now:
                del self._tasks[heappop(self._times)]
            return len(self._times) < before

    def wait(self, at_most: float) -> bool:
        """Wait until a time is due, but not longer than so many seconds; return whether one is."""
        deadline = self._monotonic() + at_most
        with self._changed:
            while True:
                left, to_next = deadline - self._monotonic(), self._seconds_to_next()
                if to_next is not None and to_next <= 0:
                    return True
                if left <= 0:
                    return False
                self._changed.wait(left if to_next is None else min(left, to_next))

    def _seconds_to_next(self) -> float | None:
        return self._times[0] * GRID_SECONDS - self._monotonic() if self._times else None
