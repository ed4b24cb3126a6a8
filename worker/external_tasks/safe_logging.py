"""Loggers that never raise: a worker goes on although the logging of its program fails.

`logging` itself catches what fails while a line is written, but not what a filter raises, e.g. one that asks
each record for what it does not have. Raised in a thread that fetches, renews locks or reports, it would end
the thread, and its tasks would stay locked.
"""

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

from external_tasks.safe_errors import summary

_told: set[str] = set()


class SafeLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs as `logging.getLogger(name)` does; says a fault of the logging itself once on standard error."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.getLogger(name), {})

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Keep what the caller gives."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line; whatever that raises is dropped."""
        try:
            # One step up: the line is the caller's.
            super().log(level, msg, *args, **{"stacklevel": 2, **kwargs})
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the program's filters may raise anything
            _tell(summary(error))


def _tell(fault: str) -> None:
    if fault in _told:
        return
    _told.add(fault)
    with contextlib.suppress(Exception):
        sys.stderr.write(f"external_tasks: lines are lost, as the program's logging fails: {fault}\n")
