"""Whether the engine answers: logged when that changes, not at every try."""

import logging
import threading

from external_tasks.errors import EngineError
from external_tasks.metrics import Metrics

logger = logging.getLogger(__name__)


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
        logger.info("engine answers again" if back else "engine answers")

    def failed(self, error: EngineError) -> None:
        """Note that the engine does not answer as it should."""
        kind = type(error).__name__
        with self._lock:
            known, self._problem = self._problem == kind, kind
        if not known:
            self._metrics.engine_up(up=False)
            logger.error("engine does not answer as it should, trying on: %s", error, extra={"error": kind})
