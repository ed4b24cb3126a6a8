"""The event loop that async handlers run on, in one thread."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from external_tasks.handlers.cancellation import Cancellation
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.safe_errors import place_of_frame, safe_traceback, summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

BEAT_SECONDS = 0.2

BLOCKED_SECONDS = 1.0
"""A loop that a handler holds for so long is logged and counted: all others stand still meanwhile."""

END_SECONDS = 2.0
"""How long cancelled handlers may clean up before the loop is closed."""

Result = TypeVar("Result")


class EventLoop:
    """Runs coroutines for other threads.

    Args:
        blocked: called when the loop has been blocked for too long, once each time.
    """

    def __init__(self, blocked: Callable[[], None] = lambda: None) -> None:
        self._blocked = blocked
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-loop", daemon=True)
        self._watch = threading.Thread(target=self._look_for_blocks, name="event-loop-watch", daemon=True)
        self.heartbeat = Heartbeat()

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads that must live as long as it is open."""
        return [self._thread, self._watch]

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is the loop's."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Start it in a thread."""
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_log_error)
        self._loop.call_soon(self._beat)
        self.heartbeat.beat()
        self._thread.start()
        self._watch.start()

    def run(
        self,
        begin: Callable[[], Coroutine[Any, Any, Result]],
        context: Context,
        cancellation: Cancellation,
        ended: Callable[[Result | None], None],
    ) -> None:
        """Run a coroutine as an asyncio task; called from any thread, and returns at once.

        Args:
            begin: makes the coroutine.
            context: its context variables.
            cancellation: cancels the task when it is set.
            ended: called on the loop with the result; None if it was cancelled before its first step.
        """
        self._soon(self._begin, begin, context, cancellation, ended)

    def close(self) -> None:
        """Cancel what still runs, and end; a handler that blocks the loop is left behind.

        One that never started has nothing to end.
        """
        self._closing.set()
        if self._thread.ident is None:
            return
        self._soon(self._loop.stop)
        if not self.is_current:
            self._thread.join(END_SECONDS + 1)

    def _soon(self, function: Callable[..., Any], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The loop is closed: its tasks have been cancelled.
            logger.debug("the event loop has ended")

    def _begin(
        self,
        begin: Callable[[], Coroutine[Any, Any, Result]],
        context: Context,
        cancellation: Cancellation,
        ended: Callable[[Result | None], None],
    ) -> None:
        task = self._loop.create_task(begin(), context=context)
        stop_listening = cancellation.listen(lambda: self._soon(task.cancel))

        def end(task: "asyncio.Task[Result]") -> None:
            stop_listening()
            ended(None if task.cancelled() else task.result())

        task.add_done_callback(end)

    def _beat(self) -> None:
        self.heartbeat.beat()
        self._loop.call_later(BEAT_SECONDS, self._beat)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._loop.run_forever()
            except BaseException as error:  # noqa: BLE001 - an exit in a task of a handler must not end the loop
                logger.error(  # noqa: TRY400 - without the texts of the exception, which may hold values
                    "an asyncio task of a handler raised %s",
                    summary(error),
                    extra={"traceback": safe_traceback(error)},
                )
        try:
            self._loop.run_until_complete(self._end_all())
        finally:
            self._loop.close()

    async def _end_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            # Once only: a second time would break off its cleaning up.
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=END_SECONDS)
        await self._loop.shutdown_asyncgens()

    def _look_for_blocks(self) -> None:
        blocked_at: float | None = None
        while not self._closing.wait(BEAT_SECONDS):
            seconds = self.heartbeat.seconds_since - BEAT_SECONDS
            if blocked_at is None and seconds > BLOCKED_SECONDS:
                blocked_at = time.monotonic() - seconds
                self._blocked()
                logger.warning(
                    "the event loop is blocked, and all async handlers with it%s: await what takes time, or "
                    "use a plain handler",
                    self._place(),
                )
            elif blocked_at is not None and seconds <= BLOCKED_SECONDS:
                logger.warning("the event loop was blocked for %.1f s", time.monotonic() - blocked_at)
                blocked_at = None

    def _place(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 - the documented way
        return place_of_frame(frame) if frame else ""


def _log_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own handler writes the text of the exception, which may hold values.
    error = context.get("exception")
    if error is None:
        logger.error("asyncio: %s", context["message"])
    else:
        logger.error(
            "asyncio: an exception that nothing awaited: %s",
            summary(error),
            extra={"traceback": safe_traceback(error)},
        )
