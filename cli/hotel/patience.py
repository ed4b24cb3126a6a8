"""Repeating what failed for a reason that passes."""

import time
from collections.abc import Callable
from typing import TypeVar

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0

T = TypeVar("T")


def patiently(call: Callable[[], T], *, passing: tuple[type[Exception], ...], seconds: float) -> T:
    """Return what a call returns, repeating it while it raises.

    Args:
        call: safe to repeat.
        passing: errors that may pass; any other is raised at once.
        seconds: how long to go on; after that the error is raised.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except passing:
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
