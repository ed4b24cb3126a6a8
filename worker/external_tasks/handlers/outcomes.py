"""How a task ends: values, the rules that choose one, and the engine call each one means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from external_tasks import checks
from external_tasks.engine.models import fields_of
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.errors import (
    YEAR_SECONDS,
    BusinessError,
    HandlerError,
    PermanentError,
    TransientError,
    shorten,
)
from external_tasks.retry import Random, RetryPolicy
from external_tasks.safe_errors import full_summary, full_traceback, safe_traceback, summary, type_name

TASK_ERROR = "TASK_ERROR"
"""The BPMN error code of a task whose retries are used up, where that is to be a BPMN error."""

DETAILS_LIMIT = 16_000
"""Characters of a traceback that go to the engine; its end, where the cause is, is kept."""

MAX_RETRY_SECONDS = YEAR_SECONDS
"""No task waits longer for its next try: what asks for more is a mistake."""

OnRetriesExhausted = Literal["incident", "bpmn_error"]
"""What follows used-up retries: an incident for people to solve, or the BPMN error `TASK_ERROR`."""

CHOICES_ON_RETRIES_EXHAUSTED = ("incident", "bpmn_error")


@dataclass(frozen=True)
class Complete:
    """The task is done.

    Args:
        variables: process variables to set.
        local_variables: variables to set in the task's own scope, for its output mappings.

    Raises:
        ValueError: either is no mapping with names.
    """

    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    local_variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        checks.variables("variables", self.variables)
        checks.variables("local_variables", self.local_variables)


@dataclass(frozen=True)
class BpmnError:
    """The task ends by a modelled error with this code.

    Raises:
        ValueError: an argument has another type, or the code is empty.
    """

    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        checks.text("code", self.code)
        checks.text("message", self.message, may_be_empty=True)
        checks.variables("variables", self.variables)


@dataclass(frozen=True)
class Failure:
    """The task failed technically.

    Args:
        message: for people; the engine keeps 666 characters.
        details: e.g. a traceback.
        retries: how often it may still be tried; 0 is an incident.
        retry_seconds: no worker can fetch it for so long.
        variables: process variables to set, e.g. for the next attempt or for those who look at the incident.

    Raises:
        ValueError: an argument has another type, or a number is negative or larger than a year of seconds.
    """

    message: str
    details: str = field(default="", repr=False)
    retries: int = 0
    retry_seconds: float = 0.0
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        checks.text("message", self.message, may_be_empty=True)
        checks.text("details", self.details, may_be_empty=True)
        checks.whole_number("retries", self.retries, at_most=checks.HIGHEST_COUNT)
        checks.number("retry_seconds", self.retry_seconds, at_most=MAX_RETRY_SECONDS)
        checks.variables("variables", self.variables)


Outcome = Complete | BpmnError | Failure


def from_result(result: Any) -> Outcome:
    """Read what a handler returned: nothing, the variables to set, or an outcome of its own.

    The fields of a dataclass or a pydantic model are variables, too.

    Raises:
        PermanentError: it is something else: the handler is wrong, and another try would give the same.
    """
    if result is None:
        return Complete()
    if isinstance(result, Outcome):
        return result
    fields = result if isinstance(result, Mapping) else fields_of(result)
    if fields is None:
        raise PermanentError(
            f"a handler returns a dict of variables, an outcome or None, not {type(result).__name__}"
        )
    try:
        return Complete(fields)
    except ValueError as error:
        raise PermanentError(f"a handler's result cannot be read: {error}") from error


@dataclass(frozen=True)
class ErrorRules:
    """What an exception of a handler means: the rules of one topic.

    Args:
        retry: how often and when to try again.
        on_retries_exhausted: what follows used-up retries.
        full_tracebacks: pass on the texts of unexpected exceptions, which may hold variables' values.
    """

    retry: RetryPolicy
    on_retries_exhausted: OnRetriesExhausted
    full_tracebacks: bool = False

    def judge(self, error: BaseException, retries: int | None, random: Random) -> Outcome:
        """Turn an exception into an outcome; this never fails, whatever the exception is.

        Args:
            error: what the handler raised.
            retries: what the engine says is left; None before the first failure.
            random: spreads the delay.
        """
        try:
            return self._judge(error, retries, random)
        except BaseException:  # noqa: BLE001 - its attributes and methods may do anything, and end the program
            return self._judge_unread(error, retries, random)

    def _judge_unread(self, error: BaseException, retries: int | None, random: Random) -> Failure:
        try:
            left = self.retry.left(retries)
            delay = self.retry.delay(self.retry.attempt(retries), random) if left else 0.0
            return Failure(shorten(f"{type_name(error)}, which cannot be read"), "", left, delay)
        except BaseException as fault:  # noqa: BLE001 - a policy, or what spreads its delays, may be the user's
            # Without a policy nothing says when to try again: people have to look.
            return Failure(shorten(f"{summary(error)}; and the retry policy failed: {summary(fault)}"))

    def _judge(self, error: BaseException, retries: int | None, random: Random) -> Outcome:
        if isinstance(error, BusinessError):
            return BpmnError(error.code, shorten(error.message or error.code), error.variables)
        left = 0 if isinstance(error, PermanentError) else self.retry.left(retries)
        message = self._message(error)
        if left == 0 and self.on_retries_exhausted == "bpmn_error":
            return BpmnError(TASK_ERROR, message)
        # A handler's own error says enough. Its chain may hold texts that are not for others.
        details = "" if isinstance(error, HandlerError) else self.details(error)
        return Failure(message, details, left, self._delay(error, retries, random) if left else 0.0)

    def details(self, error: BaseException) -> str:
        """Write the traceback of an unexpected exception, its end kept."""
        text = full_traceback(error) if self.full_tracebacks else safe_traceback(error)
        return shorten(text[-DETAILS_LIMIT:], DETAILS_LIMIT)

    def _message(self, error: BaseException) -> str:
        return shorten(full_summary(error) if self.full_tracebacks else summary(error))

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
        **({"variables": outcome.variables} if outcome.variables else {}),
    )


_CALLS: Mapping[type, Callable[[ExternalTaskEngine, str, str, Any], None]] = {
    Complete: _complete,
    BpmnError: _bpmn_error,
    Failure: _failure,
}


def send(engine: ExternalTaskEngine, task_id: str, worker_id: str, outcome: Outcome) -> None:
    """Report an outcome to the engine: one call, by the table above."""
    _CALLS[type(outcome)](engine, task_id, worker_id, outcome)
