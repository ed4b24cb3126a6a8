"""Whether a worker is told to take no more tasks, because its pod is about to be taken away."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

logger = logging.getLogger(__name__)


class Cordon:
    """Reads from a file until when no task is to be fetched.

    Kubernetes keeps such a file equal to an annotation of the pod (a downwardAPI volume). So whoever takes
    workers away can let one finish what it has, and be sure that it begins nothing new, before its pod is
    deleted. The file holds a moment of RFC 3339, after which the cordon is over by itself: a worker must not
    stand idle for ever because whoever cordoned it has died.

    Args:
        file: where it says so; None means never. A file that is missing or empty means not now.
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
        except (OSError, ValueError) as error:
            self._say_once(f"cordon not understood, tasks are fetched: {file}: {error}")
            return 0.0

    def _say_once(self, message: str) -> None:
        if message != self._misread:
            self._misread = message
            logger.warning(message)
