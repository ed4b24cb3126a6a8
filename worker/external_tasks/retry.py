"""When to try again: pure arithmetic, randomness given from outside."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from external_tasks import checks
from external_tasks.errors import YEAR_SECONDS

Random = Callable[[], float]
"""Returns a number in [0, 1), like `random.random`."""

_NO_SPREAD = 0.5


def bounded(random: Random) -> Random:
    """Make a function of the user's safe: whatever it does, a number in [0, 1) comes out."""

    def number() -> float:
        try:
            value = float(random())
        except BaseException:  # noqa: BLE001 - it is called where nothing may fail: in the loops of a worker
            value = math.nan
        return value if 0 <= value < 1 else _NO_SPREAD

    return number


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Delays that grow by a factor up to a limit, spread so that many waiters do not come back together.

    Args:
        first_seconds: the first delay.
        factor: what each further delay is multiplied by.
        max_seconds: no delay is longer, before it is spread.
        jitter: how far a delay is spread to either side, as its share: 0.2 makes 10 s be 8 to 12 s.

    Raises:
        ValueError: an argument is not a number within its limits; the message names it.
    """

    first_seconds: float = 1.0
    factor: float = 3.0
    max_seconds: float = 300.0
    jitter: float = 0.2

    def __post_init__(self) -> None:
        checks.number("first_seconds", self.first_seconds, at_most=YEAR_SECONDS)
        checks.number("max_seconds", self.max_seconds, at_most=YEAR_SECONDS / 2)
        checks.number("factor", self.factor, at_least=1)
        checks.number("jitter", self.jitter, at_most=1)

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
        checks.whole_number("retries", self.retries, at_most=checks.HIGHEST_COUNT)

    def left(self, retries: int | None) -> int:
        """Return the retries left once the current attempt has failed.

        Args:
            retries: what the engine says is left now; None before the first failure.
        """
        return self.retries if retries is None else max(0, retries - 1)

    def attempt(self, retries: int | None) -> int:
        """Return which attempt this is, counted from 1; `retries` as in `left`."""
        return 1 if retries is None else max(1, self.retries - retries + 2)
