"""Waiting for reservations: one question for all that the threads of a process wait for."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from hotel.reservations.states import Instance

LONGEST_PAUSE_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.1
_PAUSE_GROWTH = 1.4

Look = Callable[[Sequence[str]], Mapping[str, list[Instance]]]
"""Returns the process instances of each of some references; one without any may be missing."""

NextLook = Callable[[], list[Instance]]
"""Waits for the next look and returns what it shows of one reservation; raises what the look raised."""


class SharedWatch:
    """Looks at all awaited reservations by one question at a time, whatever number of threads wait.

    One of the waiting threads asks for all of them; when its own reservation has ended, another one goes on.
    The pause between two questions is a tenth of a second when somebody has just begun to wait or something
    has ended, and grows to a second.

    Args:
        look: asks the engine; it is called by one thread at a time.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._changed = threading.Condition()
        self._waiters: list[_Waiter] = []
        self._asking = False
        self._pause = _FIRST_PAUSE_SECONDS
        self._next = 0.0

    @contextmanager
    def watched(self, reference: str, *, deadline: float, at_once: bool) -> Iterator[NextLook]:
        """Wait for a reservation as long as the context lasts.

        Args:
            reference: the reservation's.
            deadline: when to look at the latest, by the clock of `time.monotonic`.
            at_once: whether to look now; a reservation that has just begun cannot have ended.
        """
        waiter = _Waiter(reference, deadline)
        with self._changed:
            due = time.monotonic() + (0 if at_once else _FIRST_PAUSE_SECONDS)
            self._next = min(self._next, due) if self._waiters else due
            self._pause = _FIRST_PAUSE_SECONDS
            self._waiters.append(waiter)
            self._changed.notify_all()
        try:
            yield lambda: self._news_of(waiter)
        finally:
            with self._changed:
                self._waiters.remove(waiter)

    def _news_of(self, waiter: "_Waiter") -> list[Instance]:
        while True:
            with self._changed:
                while self._asking and waiter.news is None:
                    self._changed.wait()
                news, waiter.news = waiter.news, None
                if news is None:
                    self._asking = True
            if isinstance(news, Exception):
                raise news
            if news is not None:
                return news
            try:
                self._ask()
            finally:
                with self._changed:
                    self._asking = False
                    self._changed.notify_all()

    def _ask(self) -> None:
        with self._changed:
            while (left := self._due() - time.monotonic()) > 0:
                self._changed.wait(left)
            asked = list(self._waiters)
        news: Mapping[str, list[Instance]] | Exception
        try:
            news = self._look(list(dict.fromkeys(waiter.reference for waiter in asked)))
        except Exception as error:  # noqa: BLE001  # raised by every thread that waits for this look
            news = error
        with self._changed:
            for waiter in asked:
                waiter.take(news)
            moved = isinstance(news, Exception) or any(map(has_ended, news.values()))
            grown = min(self._pause * _PAUSE_GROWTH, LONGEST_PAUSE_SECONDS)
            self._pause = _FIRST_PAUSE_SECONDS if moved else grown
            self._next = time.monotonic() + self._pause

    def _due(self) -> float:
        return min([self._next, *(waiter.deadline for waiter in self._waiters)])


class _Waiter:
    def __init__(self, reference: str, deadline: float) -> None:
        self.reference = reference
        self.deadline = deadline
        self.news: list[Instance] | Exception | None = None

    def take(self, news: Mapping[str, list[Instance]] | Exception) -> None:
        self.news = news if isinstance(news, Exception) else news.get(self.reference, [])
        if time.monotonic() >= self.deadline:
            # It gives up now, and nobody has to look sooner for its sake.
            self.deadline = math.inf


def has_ended(instances: Iterable[Instance]) -> bool:
    """Return whether none of a reservation's instances runs any more."""
    return all(instance.ended_at is not None for instance in instances)
