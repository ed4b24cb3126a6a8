"""Whether the engine answers: logged when that changes, not at every try."""

import threading

from external_tasks.runtime.metrics import Metrics
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)


class EngineStatus:
    """What all threads of a worker know about the engine."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._problem: str | None = None
        self._reached = False

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
        self._metrics.engine_up(up=True)
        logger.info("engine available again" if back else "engine available")

    def failed(self, error: BaseException) -> None:
        """Note that a call to the engine failed."""
        kind = type(error).__name__
        with self._lock:
            known, self._problem = self._problem == kind, kind
        if not known:
            self._metrics.engine_up(up=False)
            logger.error("engine unavailable, retrying: %s", summary(error), extra={"error": kind})
