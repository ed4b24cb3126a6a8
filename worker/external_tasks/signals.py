"""The one module that knows the operating system's signals."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def notice_signals(notify: Callable[[str], None]) -> Iterator[None]:
    """Tell the name of the first SIGTERM or SIGINT; end the process at the second one.

    Outside the main thread nothing is installed, as Python allows it there alone.

    Args:
        notify: called between any two steps of the main thread, so it may take no lock: `SimpleQueue.put`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def notice(number: int, _: FrameType | None) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        notify(signal.Signals(number).name)

    before = {number: signal.signal(number, notice) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
