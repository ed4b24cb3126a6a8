"""Errors that say nothing about the call itself, and how long to wait until it is made again."""

from dataclasses import dataclass

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

_LEAST_SHARE = 0.25


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


@dataclass(frozen=True)
class Wait:
    """How long to wait until a call that failed is made again.

    Args:
        seconds: at most.
        least: in any case; after that, an answer of the engine to any other call ends the wait.
    """

    seconds: float
    least: float


def wait_after(error: BaseException, attempt: int, random: Random) -> Wait:
    """Return how long to wait after the given failed attempt, counted from 1.

    An engine that could not be reached and answers again is asked soon. One that answers and refuses, or has
    too much to do, is asked when the whole time is over, whatever it answers to other calls.
    """
    seconds = seconds_to_wait(error, attempt, random)
    return Wait(seconds, seconds * _LEAST_SHARE if isinstance(error, EngineUnreachable) else seconds)


def seconds_to_wait(error: BaseException, attempt: int, random: Random) -> float:
    """Return how long to wait after the given failed attempt, counted from 1; a server may ask for longer."""
    seconds = (REFUSED if is_refusal(error) else UNAVAILABLE).delay(attempt, random)
    return max(seconds, (error.retry_after or 0.0) if isinstance(error, EngineError) else 0.0)
