"""What every client called, when, and what came of it."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NEVER = float("inf")


@dataclass(frozen=True)
class Operation:
    """One call.

    Attributes:
        kind: what was called: start, cancel, or the path of a service.
        asked: what was sent.
        began: seconds of the monotonic clock.
        ended: the same, and `NEVER` where no answer came: it may have had its effect, at any time since.
        answered: what came back; None where none came.
        status: the HTTP status of an answer.
    """

    kind: str
    asked: Mapping[str, Any]
    began: float
    ended: float = NEVER
    answered: Mapping[str, Any] | None = None
    status: int | None = None


@dataclass
class History:
    """All calls; any thread may add to it."""

    operations: list[Operation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(
        self,
        kind: str,
        asked: Mapping[str, Any],
        began: float,
        status: int | None = None,
        answered: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a call that has ended now, with its answer or without any."""
        ended = NEVER if status is None else time.monotonic()
        with self._lock:
            self.operations.append(Operation(kind, asked, began, ended, answered, status))
