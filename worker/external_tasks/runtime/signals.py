"""The one module that knows the operating system's signals."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_before: dict[int, Any] = {}
"""What handled each signal before `notice_signals`, while that is installed."""


@contextmanager
def notice_signals(notify: Callable[[str], None]) -> Iterator[None]:
    """Pass on the name of the first SIGTERM or SIGINT; end the process at the second one.

    Outside the main thread nothing is installed, as Python allows it there alone. Child processes that are
    forked meanwhile, say by `multiprocessing`, get the handlers of before, so that they end when terminated.

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

    outer = dict(_before)
    installed = {number: signal.signal(number, notice) for number in SIGNALS}
    # A handler that was not installed by Python is None, and cannot be set again: the default is nearest.
    _before.update({number: handler or signal.SIG_DFL for number, handler in installed.items()} | outer)
    try:
        yield
    finally:
        for number, handler in installed.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        _before.clear()
        _before.update(outer)


# A child starts with the worker's signal handlers. If SIGTERM reached it before it restores its own, the
# worker's handler would run and the child would go on: a pool of `multiprocessing` that ends the child would
# wait for it without end. So the signals are blocked around a fork, until the child has its own handlers.
_forking = threading.local()


def _hold_signals() -> None:
    if _before:
        _forking.held = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _release_signals() -> None:
    held = _forking.__dict__.pop("held", None)
    if held is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _restore_in_child() -> None:
    for number, handler in _before.items():
        signal.signal(number, handler)
    _before.clear()
    _release_signals()


os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_restore_in_child)
