"""Shows that a loop goes round."""

import time
from collections.abc import Callable


class Heartbeat:
    """When one thread last went round its loop; that thread alone beats, others read.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last = monotonic()

    def beat(self) -> None:
        """Note that the loop goes round."""
        self._last = self._monotonic()

    @property
    def seconds_since(self) -> float:
        """How long ago the last beat was."""
        return self._monotonic() - self._last
