"""What is to happen to a worker at a step of its work: seen from the proxies that its requests pass."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto


class Moment(Enum):
    """When it happens, as the proxy sees a request."""

    BEFORE = auto()
    """It has come, and is not passed on."""

    WITHIN = auto()
    """It is passed on, and the server works on it."""

    AFTER = auto()
    """The server has answered, and the answer is not passed back."""


@dataclass(frozen=True)
class Step:
    """A step of a worker's work.

    Attributes:
        moment: when.
        path: what the request's path ends with: one to the engine; empty for any to a service.
    """

    moment: Moment
    path: str = ""


STEPS: Mapping[str, Step] = {
    "with tasks that were fetched": Step(Moment.AFTER, "/fetchAndLock"),
    "before a service call": Step(Moment.BEFORE),
    "during a service call": Step(Moment.WITHIN),
    "after a service call": Step(Moment.AFTER),
    "before complete": Step(Moment.BEFORE, "/complete"),
    "during complete": Step(Moment.WITHIN, "/complete"),
    "after complete": Step(Moment.AFTER, "/complete"),
}
"""By what is said of a worker that died there."""


class Trap:
    """Something that happens once, to the first caller that comes to a step.

    Args:
        kind: the step.
        spring: does it to the caller whose connection begins at a port; returns whether it could.
    """

    def __init__(self, kind: Step, spring: Callable[[int], bool]) -> None:
        self.kind = kind
        self._spring = spring
        self._lock = threading.Lock()
        self._closed = False
        self._sprung = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait so long until it has happened, and let it happen no more; return whether it has."""
        self._sprung.wait(seconds)
        with self._lock:
            self._closed = True
            return self._sprung.is_set()

    def springs(self, moment: Moment, path: str, port: int, answer: bytes = b"") -> bool:
        """Let it happen if a request is at the step; return whether it has.

        Args:
            moment: of the request.
            path: of the request.
            port: where the caller's connection begins.
            answer: of the server, after the request.
        """
        if moment is not self.kind.moment or not path.endswith(self.kind.path):
            return False
        if path.endswith("/fetchAndLock") and not _tasks(answer):
            return False
        with self._lock:
            if self._closed or self._sprung.is_set() or not self._spring(port):
                return False
            self._sprung.set()
            return True

    @contextmanager
    def within(self, path: str, port: int) -> Iterator[None]:
        """Let it happen while the block runs, if a request is at the step."""
        thread = threading.Thread(target=self.springs, args=[Moment.WITHIN, path, port])
        thread.start()
        try:
            yield
        finally:
            thread.join()


def _tasks(answer: bytes) -> bool:
    """Whether the engine's answer to a fetch holds tasks."""
    try:
        return bool(json.loads(answer))
    except ValueError:
        return False
