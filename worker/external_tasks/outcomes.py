"""How a task ends: values, the rules that choose one, and the engine call each one means."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from external_tasks.errors import BusinessError, HandlerError, PermanentError, TransientError, shorten
from external_tasks.ports import ExternalTaskEngine
from external_tasks.retry import Random, RetryPolicy

TASK_ERROR = "TASK_ERROR"
"""The BPMN error code of a task whose retries are used up, where that is to be a BPMN error."""

DETAILS_LIMIT = 16_000
"""Characters of a traceback that go to the engine; its end, where the cause is, is kept."""

Exhausted = Literal["incident", "bpmn_error"]
"""What follows used-up retries: an incident for people to solve, or the BPMN error `TASK_ERROR`."""


@dataclass(frozen=True)
class Complete:
    """The task is done.

    Args:
        variables: process variables to set.
        local_variables: variables to set in the task's own scope, for its output mappings.
    """

    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    local_variables: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class BpmnError:
    """The task ends by a modelled error with this code."""

    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Failure:
    """The task failed technically.

    Args:
        message: for people; the engine keeps 666 characters.
        details: e.g. a traceback.
        retries: how often it may still be tried; 0 is an incident.
        retry_seconds: nobody can fetch it for so long.
    """

    message: str
    details: str = field(default="", repr=False)
    retries: int = 0
    retry_seconds: float = 0.0


Outcome = Complete | BpmnError | Failure


def from_result(result: Any) -> Outcome:
    """Read what a handler returned: nothing, the variables to set, or an outcome of its own.

    Raises:
        TypeError: it is something else.
    """
    if result is None:
        return Complete()
    if isinstance(result, Outcome):
        return result
    if isinstance(result, Mapping):
        return Complete(result)
    raise TypeError(f"a handler returns a dict of variables, an outcome or None, not {type(result).__name__}")


@dataclass(frozen=True)
class ErrorRules:
    """What an exception of a handler means: the rules of one topic.

    Args:
        retry: how often and when to try again.
        exhausted: what follows used-up retries.
    """

    retry: RetryPolicy
    exhausted: Exhausted

    def judge(self, error: BaseException, retries: int | None, random: Random) -> Outcome:
        """Turn an exception into an outcome.

        Args:
            error: what the handler raised.
            retries: what the engine says is left; None before the first failure.
            random: spreads the delay.
        """
        if isinstance(error, BusinessError):
            return BpmnError(error.code, shorten(error.message or error.code), error.variables)
        left = 0 if isinstance(error, PermanentError) else self.retry.left(retries)
        if left > 0:
            return Failure(_message(error), _details(error), left, self._delay(error, retries, random))
        if self.exhausted == "bpmn_error":
            return BpmnError(TASK_ERROR, _message(error))
        return Failure(_message(error), _details(error))

    def _delay(self, error: BaseException, retries: int | None, random: Random) -> float:
        if isinstance(error, TransientError) and error.retry_after is not None:
            return max(0.0, error.retry_after)
        return self.retry.delay(self.retry.attempt(retries), random)


def label(outcome: Outcome) -> str:
    """Name an outcome in metrics and logs."""
    if isinstance(outcome, Failure):
        return "failed" if outcome.retries else "incident"
    return "completed" if isinstance(outcome, Complete) else "bpmn_error"


def _complete(engine: ExternalTaskEngine, task_id: str, worker_id: str, outcome: Complete) -> None:
    engine.complete(task_id, worker_id, outcome.variables, outcome.local_variables)


def _bpmn_error(engine: ExternalTaskEngine, task_id: str, worker_id: str, outcome: BpmnError) -> None:
    engine.bpmn_error(task_id, worker_id, outcome.code, shorten(outcome.message), outcome.variables)


def _failure(engine: ExternalTaskEngine, task_id: str, worker_id: str, outcome: Failure) -> None:
    engine.failure(
        task_id,
        worker_id,
        message=shorten(outcome.message),
        details=shorten(outcome.details, DETAILS_LIMIT),
        retries=outcome.retries,
        retry_timeout_ms=round(outcome.retry_seconds * 1000),
    )


_CALLS: Mapping[type, Callable[[ExternalTaskEngine, str, str, Any], None]] = {
    Complete: _complete,
    BpmnError: _bpmn_error,
    Failure: _failure,
}


def send(engine: ExternalTaskEngine, task_id: str, worker_id: str, outcome: Outcome) -> None:
    """Tell the engine an outcome: one call, by the table above."""
    _CALLS[type(outcome)](engine, task_id, worker_id, outcome)


def _message(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, HandlerError):
        return shorten(text)
    return shorten(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _details(error: BaseException) -> str:
    text = "".join(traceback.format_exception(error))
    return shorten(text[-DETAILS_LIMIT:], DETAILS_LIMIT)
