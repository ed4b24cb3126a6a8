"""The threads that run handlers."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from external_tasks.model import ExternalTask
from external_tasks.slots import Slots

logger = logging.getLogger(__name__)


class HandlerPool:
    """One thread per slot. Daemons: a handler that never returns must not keep a process from ending.

    Args:
        slots: freed as tasks end.
        run: does a task.
    """

    def __init__(self, slots: Slots, run: Callable[[ExternalTask], None]) -> None:
        self._slots = slots
        self._run = run
        self._tasks: SimpleQueue[ExternalTask | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"slot-{number}", daemon=True)
            for number in range(slots.total)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, task: ExternalTask) -> None:
        """Give a task to a thread that is free."""
        self._tasks.put(task)

    def close(self) -> None:
        """Let each thread end once it has nothing to do."""
        for _ in self._threads:
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                self._run(task)
            except Exception:
                logger.exception("a task met an error of the worker", extra={"task_id": task.id})
            finally:
                self._slots.release()
