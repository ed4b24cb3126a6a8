"""Pausing topics whose tasks keep failing, so that an outage of a service uses up no retries."""

import math
import threading
from typing import Any

from external_tasks import checks

_MOST_SECONDS = 3600.0


class CircuitBreaker:
    """Pauses the topics that it is given to while their tasks keep failing.

    After so many failures in a row no more tasks of these topics are fetched for a while. Then each topic
    gets one task at a time: a success ends the pause, a failure begins a longer one. So a service that is
    down costs few retries and calls, and is not met by all tasks at once when it is back. Give one breaker to
    all topics that need the same service.

    Failures are exceptions that lead to a retry, and outcomes `Failure`. A `BusinessError` counts as a
    success, as the service has answered; a `PermanentError` counts as neither.

    Args:
        failures: in a row that begin a pause.
        first_seconds: how long the first pause is.
        factor: what the pause grows by with each failure after it.
        max_seconds: how long a pause is at most.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        first_seconds: float = 1.0,
        factor: float = 2.0,
        max_seconds: float = 30.0,
    ) -> None:
        self._most = checks.positive_int("failures", failures)
        self._first = checks.positive_seconds("first_seconds", first_seconds, at_most=_MOST_SECONDS)
        self._factor = checks.number("factor", factor, at_least=1.0)
        self._longest = checks.positive_seconds("max_seconds", max_seconds, at_most=_MOST_SECONDS)
        self._lock = threading.Lock()
        self._failures = 0
        self._next = min(self._longest, self._first)
        self._until = -math.inf

    def allowance(self, now: float, in_work: int) -> float:
        """Return how many more tasks of a topic may begin, of which so many are in work or asked for."""
        with self._lock:
            if self._failures < self._most:
                return math.inf
            return 0.0 if now < self._until else 1.0 - in_work

    def seconds_to_trial(self, now: float) -> float:
        """Return the seconds until the pause is over; 0 where there is none."""
        with self._lock:
            return max(0.0, self._until - now) if self._failures >= self._most else 0.0

    def note(self, now: float, *, failed: bool) -> float | None:
        """Count an outcome; return the seconds of the pause that it begins, 0 if it ends one, else None."""
        with self._lock:
            if not failed:
                was_open = self._failures >= self._most
                self._failures = 0
                self._next = min(self._longest, self._first)
                return 0.0 if was_open else None
            self._failures += 1
            # What had begun before the pause says nothing new.
            if self._failures < self._most or now < self._until:
                return None
            pause = self._next
            self._next = min(self._longest, pause * self._factor)
            self._until = now + pause
            return pause


def checked_breaker(breaker: Any) -> CircuitBreaker | None:
    """Return the breaker of a topic.

    Raises:
        ValueError: it is none.
    """
    if breaker is not None and not isinstance(breaker, CircuitBreaker):
        raise ValueError(
            f"breaker must be a CircuitBreaker, e.g. CircuitBreaker(failures=5), not {breaker!r}"
        )
    return breaker
