"""Whether a worker is cordoned: it takes no more tasks, because its pod is about to be deleted."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)


class Cordon:
    """Reads from a file until when no task is to be fetched.

    Kubernetes keeps such a file equal to an annotation of the pod (a downwardAPI volume). So an operator can
    let a worker finish what it has, and be sure that it begins nothing new, before the pod is deleted. The
    file holds a moment of RFC 3339, after which the cordon ends by itself: a worker must not stay idle
    because the operator that cordoned it has died.

    Args:
        file: holds the moment; None means never. A file that is missing or empty means not now.
        clock: seconds of the epoch.
    """

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._misread = ""

    @property
    def is_set(self) -> bool:
        """Whether no task is to be fetched now."""
        return self._file is not None and self._clock() < self._until(self._file)

    def _until(self, file: Path) -> float:
        try:
            text = file.read_text(encoding="utf-8").strip()
            return datetime.fromisoformat(text).timestamp() if text else 0.0
        except FileNotFoundError:
            return 0.0
        except (OSError, ValueError, OverflowError) as error:
            self._warn_once(f"cordon file ignored, tasks are fetched: {file}: {error}")
            return 0.0

    def _warn_once(self, message: str) -> None:
        if message != self._misread:
            self._misread = message
            logger.warning(message)
