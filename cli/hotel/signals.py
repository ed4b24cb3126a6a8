"""Ends asked for from outside: SIGTERM and SIGHUP as exceptions, and stretches that they do not break."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_end() -> None:
    """Let SIGTERM and SIGHUP unwind the program as Ctrl-C does, so that it cleans up after itself."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


@contextmanager
def unbroken() -> Iterator[None]:
    """Hold such an end back until the block is through, then raise KeyboardInterrupt.

    Python handlers hold it back, not ignored or blocked signals: processes started meanwhile would inherit
    those. Outside of the main thread nothing is raised, so nothing is held back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if arrived:
        raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
