"""How much of a worker one topic may take."""

from dataclasses import dataclass
from typing import Any

from external_tasks import checks
from external_tasks.handlers.breaker import CircuitBreaker, checked_breaker


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many tasks of a topic a worker may begin in a time: for a service that takes no more.

    Args:
        per_second: tasks in the long run; 0.5 is one in two seconds.
        burst: tasks that may begin at once after a quiet time.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    per_second: float
    burst: int = 1

    def __post_init__(self) -> None:
        checks.number("per_second", self.per_second, at_least=0.001)
        checks.positive_int("burst", self.burst, at_most=checks.HIGHEST_COUNT)


@dataclass(frozen=True)
class TopicLimit:
    """The limits of one topic in one worker.

    Args:
        max_tasks: tasks at once; None for as many as there are slots.
        rate: how many may begin in a time; None for any number.
        breaker: pauses the topic while its tasks keep failing; None for never.
    """

    max_tasks: int | None = None
    rate: Rate | None = None
    breaker: CircuitBreaker | None = None


def checked_limit(max_tasks: Any, rate: Any, breaker: Any) -> TopicLimit:
    """Return the limits of a topic.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """
    if max_tasks is not None:
        checks.positive_int("max_tasks", max_tasks, at_most=checks.HIGHEST_COUNT)
    if rate is not None and not isinstance(rate, Rate):
        raise ValueError(f"rate must be a Rate, e.g. Rate(per_second=5), not {rate!r}")
    return TopicLimit(max_tasks, rate, checked_breaker(breaker))
