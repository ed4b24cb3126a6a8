"""Errors that are nobody's fault in the call itself, and how long to wait until it is made again."""

from external_tasks.errors import (
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
)
from external_tasks.retry import Backoff, Random

AWAY = Backoff(first_seconds=0.25, factor=2, max_seconds=10, jitter=0.5)
REFUSED = Backoff(first_seconds=5, factor=2, max_seconds=60, jitter=0.2)
"""Slow: the engine locks a user out after several wrong passwords, for all who use that name."""


def is_refusal(error: Exception) -> bool:
    """Whether the engine refuses the user, which may change: passwords and rights are set while we run."""
    return isinstance(error, EngineUnauthorized | EngineForbidden)


def is_outage(error: Exception) -> bool:
    """Whether the same call can be expected to succeed later."""
    return is_refusal(error) or isinstance(error, EngineUnreachable | EngineOverloaded)


def seconds_to_wait(error: EngineError, attempt: int, random: Random) -> float:
    """Return how long to wait after the given failed attempt, counted from 1."""
    return (REFUSED if is_refusal(error) else AWAY).delay(attempt, random)
