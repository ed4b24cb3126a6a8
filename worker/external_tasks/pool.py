"""The threads that run handlers."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from external_tasks.slots import Slots

logger = logging.getLogger(__name__)


class HandlerPool:
    """One thread per slot. Daemons: a handler that never returns must not keep a process from ending.

    Args:
        slots: freed as tasks end.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"slot-{number}", daemon=True)
            for number in range(slots.total)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Give the work on a task to a thread that is free."""
        self._waiting.put(work)

    def close(self) -> None:
        """Let each thread end once it has nothing to do."""
        for _ in self._threads:
            self._waiting.put(None)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except Exception:
                logger.exception("a task met an error of the worker")
            finally:
                self._slots.release()
