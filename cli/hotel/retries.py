"""Repeating calls that failed for a reason that passes."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
    wait_fixed,
)

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
# A call that met another transaction at the same instance is repeated almost at once, and so often at most.
_MOST_CONFLICTS = 10
_CONFLICT_PAUSE_SECONDS = 0.05

Errors = tuple[type[Exception], ...]
T = TypeVar("T")


def repeat_for(seconds: float, call: Callable[[], T], *, passing: Errors) -> T:
    """Return what a call returns, repeating it with growing pauses while it raises.

    Args:
        seconds: how long to go on; after that the error is raised.
        call: safe to repeat.
        passing: errors that may pass; any other is raised at once.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(passing),
        stop=stop_before_delay(seconds),
        wait=wait_exponential(multiplier=_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS),
        reraise=True,
    )
    return attempts(call)


def repeat_after_conflicts(call: Callable[[], T], *, conflicts: Errors) -> T:
    """Return what a call returns, repeating it ten times at most while it loses a race.

    Args:
        call: safe to repeat.
        conflicts: errors that a lost race has; any other is raised at once.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(conflicts),
        stop=stop_after_attempt(_MOST_CONFLICTS + 1),
        wait=wait_fixed(_CONFLICT_PAUSE_SECONDS),
        reraise=True,
    )
    return attempts(call)
