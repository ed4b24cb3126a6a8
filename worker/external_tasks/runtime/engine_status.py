"""Whether the engine answers: logged when that changes, not at every try."""

import threading
import time
from collections.abc import Callable
from threading import Event

from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.outages import Wait
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

SLICE_SECONDS = 0.5
"""No wait of a fetch loop is longer, so that it notices a stop and shows that it is alive."""


class EngineStatus:
    """What all threads of a worker know about the engine."""

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._problem: str | None = None
        self._reached = False
        self._recoveries = 0

    @property
    def reached(self) -> bool:
        """Whether the engine has ever answered."""
        return self._reached

    def answered(self) -> None:
        """Note that the engine answers."""
        if self._reached and self._problem is None:
            return
        with self._lock:
            back, self._problem, self._reached = self._problem is not None, None, True
            self._recoveries += back
        self._metrics.engine_up(up=True)
        logger.info("engine available again" if back else "engine available")

    def pause(self, wait: Wait, ended: Event, every_slice: Callable[[], None] = lambda: None) -> None:
        """Wait after a call that failed, until the time is over or the engine answers somebody again.

        Args:
            wait: how long.
            ended: ends the wait too.
            every_slice: called every half second while it lasts.
        """
        known, began = self._recoveries, self._monotonic()
        while (left := began + wait.seconds - self._monotonic()) > 0:
            if self._recoveries != known and self._monotonic() >= began + wait.least:
                return
            if ended.wait(min(left, SLICE_SECONDS)):
                return
            every_slice()

    def failed(self, error: BaseException) -> None:
        """Note that a call to the engine failed."""
        kind = type(error).__name__
        with self._lock:
            known, self._problem = self._problem == kind, kind
        if not known:
            self._metrics.engine_up(up=False)
            logger.error("engine unavailable, retrying: %s", summary(error), extra={"error": kind})
