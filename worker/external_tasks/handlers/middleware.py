"""What users wrap around every handler: tracing, checks, resources."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any

from external_tasks.handlers.callables import is_async
from external_tasks.handlers.task import Task

Call = Callable[[Task], Any]

Middleware = Callable[[Task, Call], Any]
"""``middleware(task, call_next)`` returns ``call_next(task)`` and does more before and after.

An ``async def`` one returns ``await call_next(task)``. Either kind wraps handlers of either kind. It may
pass on another task (`dataclasses.replace`), return another result, or raise what a handler may raise. An
attribute ``variables`` names process variables to fetch for it. One with an ``async def`` attribute
``async_form`` has that called around async handlers instead of itself.
"""


def chained(middleware: Sequence[Middleware], call: Call, *, awaited: bool = False) -> Call:
    """Wrap a call in middleware; the first one is the outermost.

    Args:
        middleware: of either kind.
        call: the handler.
        awaited: whether what the handler returns is to be awaited, on the worker's event loop. Then the same
            holds for the whole chain; else all of it runs in the calling thread.
    """
    if awaited:
        for wrapper in (getattr(each, "async_form", each) for each in reversed(middleware)):
            call = (
                _async_around_async(wrapper, call)
                if is_async(wrapper)
                else _plain_around_async(wrapper, call)
            )
        return call
    for wrapper in reversed(middleware):
        call = _async_around_plain(wrapper, call) if is_async(wrapper) else _plain_around_plain(wrapper, call)
    return call


def _plain_around_plain(wrapper: Middleware, call_next: Call) -> Call:
    return lambda task: wrapper(task, call_next)


def _async_around_async(wrapper: Middleware, call_next: Call) -> Call:
    return lambda task: wrapper(task, call_next)


def _async_around_plain(wrapper: Middleware, call_next: Call) -> Call:
    """Run the middleware on an event loop of its own, in the thread of the handler."""

    async def call_next_async(task: Task) -> Any:
        return call_next(task)

    def call(task: Task) -> Any:
        return _run_here(wrapper(task, call_next_async))

    return call


def _run_here(awaitable: Awaitable[Any]) -> Any:
    if not _has_loop():
        return _run(awaitable)
    # Inside another middleware's loop, which a second one cannot run in: a thread for it alone.
    return _in_thread(lambda: _run(awaitable)).result()


def _run(awaitable: Awaitable[Any]) -> Any:
    async def run() -> Any:
        return await awaitable

    with asyncio.Runner() as runner:
        return runner.run(run(), context=copy_context())


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _plain_around_async(wrapper: Middleware, call_next: Call) -> Call:
    """Run the middleware in a thread of its own, where it blocks no other handler."""

    async def call(task: Task) -> Any:
        loop, inner = asyncio.get_running_loop(), list[Future[Any]]()

        def call_next_here(task: Task) -> Any:
            async def run() -> Any:
                return await call_next(task)

            future = asyncio.run_coroutine_threadsafe(run(), loop)
            inner.append(future)
            try:
                return future.result()
            except FutureCancelledError as error:
                raise asyncio.CancelledError from error

        outer = asyncio.wrap_future(_in_thread(lambda: wrapper(task, call_next_here)))
        try:
            return await asyncio.shield(outer)
        except asyncio.CancelledError:
            for future in inner:
                future.cancel()
            return await outer

    return call


def _in_thread(function: Callable[[], Any]) -> Future[Any]:
    """Call a function in a thread of its own, with the caller's context variables."""
    future: Future[Any] = Future()
    context = copy_context()

    def work() -> None:
        try:
            result = context.run(function)
        except asyncio.CancelledError:
            future.cancel()
            future.set_running_or_notify_cancel()
        except BaseException as error:  # noqa: BLE001 - it belongs to who waits for the future
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=work, name="middleware", daemon=True).start()
    return future


def variables_of(middleware: Sequence[Middleware]) -> tuple[str, ...]:
    """Return the process variables that middleware asks for."""
    return tuple(dict.fromkeys(name for each in middleware for name in getattr(each, "variables", ())))
