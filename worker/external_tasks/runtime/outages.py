"""Errors that say nothing about the call itself, and how long to wait until it is made again."""

from external_tasks.errors import (
    CredentialsUnavailable,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
    UnusableResponse,
)
from external_tasks.retry import Backoff, Random

UNAVAILABLE = Backoff(first_seconds=0.25, factor=2, max_seconds=10, jitter=0.5)
REFUSED = Backoff(first_seconds=5, factor=2, max_seconds=60, jitter=0.2)
"""Slow: the engine locks a user out after several wrong passwords, for all who use that name."""


def is_refusal(error: BaseException) -> bool:
    """Whether the engine refuses the user, which may change: passwords and rights are set while we run."""
    return isinstance(error, EngineUnauthorized | EngineForbidden)


def is_outage(error: BaseException) -> bool:
    """Whether the same call can be expected to succeed later.

    An error that is not of this package comes from an engine client of the user's: it counts as an outage
    too, as it says nothing about the task.
    """
    if not isinstance(error, EngineError):
        return True
    return is_refusal(error) or isinstance(
        error, EngineUnreachable | EngineOverloaded | CredentialsUnavailable | UnusableResponse
    )


def may_have_had_effect(error: BaseException) -> bool:
    """Whether the engine may have done what was asked although the call failed."""
    if not isinstance(error, EngineError):
        return True
    return isinstance(error, EngineUnreachable | EngineOverloaded | UnusableResponse)


def seconds_to_wait(error: BaseException, attempt: int, random: Random) -> float:
    """Return how long to wait after the given failed attempt, counted from 1; a server may ask for longer."""
    seconds = (REFUSED if is_refusal(error) else UNAVAILABLE).delay(attempt, random)
    return max(seconds, (error.retry_after or 0.0) if isinstance(error, EngineError) else 0.0)
