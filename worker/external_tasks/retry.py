"""When to try again: pure arithmetic, randomness given from outside."""

from collections.abc import Callable
from dataclasses import dataclass

Random = Callable[[], float]
"""Returns a number in [0, 1), like `random.random`."""


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Delays that grow by a factor up to a limit, spread so that many waiters do not come back together.

    Args:
        first_seconds: the first delay.
        factor: what each further delay is multiplied by.
        max_seconds: no delay is longer, before it is spread.
        jitter: how far a delay is spread to either side, as its share: 0.2 makes 10 s be 8 to 12 s.

    Raises:
        ValueError: a figure makes no sense.
    """

    first_seconds: float = 1.0
    factor: float = 3.0
    max_seconds: float = 300.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        if self.first_seconds < 0 or self.max_seconds < 0:
            raise ValueError("delays must not be negative")
        if self.factor < 1:
            raise ValueError("factor must be 1 or more")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter must be between 0 and 1")

    def delay(self, attempt: int, random: Random) -> float:
        """Return the seconds to wait after the given failed attempt, counted from 1."""
        try:
            seconds = self.first_seconds * self.factor ** (attempt - 1)
        except OverflowError:
            seconds = self.max_seconds
        return min(seconds, self.max_seconds) * (1 + self.jitter * (2 * random() - 1))


@dataclass(frozen=True, kw_only=True)
class RetryPolicy(Backoff):
    """How often a task that failed is tried again, and when; see `Backoff` for the delays.

    With the defaults a task is tried again after about 1, 3, 9, 27 and 81 seconds.

    Args:
        retries: how often it is tried again after the first failure.
    """

    retries: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.retries < 0:
            raise ValueError("retries must not be negative")

    def left(self, retries: int | None) -> int:
        """Return the retries left once the current attempt has failed.

        Args:
            retries: what the engine says is left now; None before the first failure.
        """
        return self.retries if retries is None else max(0, retries - 1)

    def attempt(self, retries: int | None) -> int:
        """Return which attempt this is, counted from 1; `retries` as in `left`."""
        return 1 if retries is None else max(1, self.retries - retries + 2)
