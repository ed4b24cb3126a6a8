"""What kind of function a callable is, whatever it is wrapped in."""

import inspect
from functools import partial
from typing import Any


def is_async(function: Any) -> bool:
    """Whether calling it gives a coroutine: an async function, method, ``__call__`` or partial.

    A plain function that wraps one counts as plain: it may run the coroutine itself, e.g. by `asyncio.run`.
    """
    return inspect.iscoroutinefunction(called_by(function))


def called_by(function: Any) -> Any:
    """Return the function that is called in the end, behind partials and callable objects."""
    while isinstance(function, partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def close_awaitable(awaitable: Any) -> None:
    """Close a coroutine that nobody is going to await, so that Python does not complain of it."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()
