"""Threads that wait for work."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from external_tasks.safe_errors import safe_traceback, summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)


class ThreadPool:
    """A fixed number of threads. Daemons: a handler that never returns must not keep a process from ending.

    Args:
        name: the first part of the threads' names.
        size: how many.
    """

    def __init__(self, name: str, size: int) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(size)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None]) -> None:
        """Give work to a thread that is free, or to the first that will be."""
        self._waiting.put(work)

    def close(self) -> None:
        """Let each thread end once it has nothing to do."""
        for _ in self._threads:
            self._waiting.put(None)

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is one of these."""
        return threading.current_thread() in self._threads

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - a thread that has ended would be missing for good
                logger.error(  # noqa: TRY400 - without the texts of the exception, which may hold values
                    "an error of the worker itself: %s",
                    summary(error),
                    extra={"traceback": safe_traceback(error)},
                )
