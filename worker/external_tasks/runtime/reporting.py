"""Tells the engine how a task ended, and repeats that where repeating is right."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from external_tasks.engine.model import ExternalTask
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.errors import (
    EngineError,
    EngineServerError,
    LockLost,
    NotFound,
    OptimisticLockingConflict,
    TaskSuspended,
    VariableError,
)
from external_tasks.handlers.outcomes import (
    TASK_ERROR,
    BpmnError,
    Complete,
    ErrorRules,
    Failure,
    Outcome,
    label,
    send,
)
from external_tasks.retry import Backoff, Random
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.locks import LockState, TaskLock
from external_tasks.runtime.outages import Wait, is_outage, may_have_had_effect, wait_after
from external_tasks.safe_errors import summary

CONFLICT_BACKOFF = Backoff(first_seconds=0.02, factor=2, max_seconds=1, jitter=0.5)

SERVER_ERROR_TRIES = 3
"""A report that fails inside the engine so often is taken as a failure of the task."""

GIVE_UP_SECONDS = 600.0
"""A report is repeated for so long; then the lock is left to expire and the task is done again."""

UNREPORTED = "unreported"
SUSPENDED = "suspended"

_SHORTEST_VALUE = 3
"""Shorter texts are in every sentence by chance."""

_QUOTED_CHARACTERS = 40
"""A long value is quoted in part only: its beginning is looked for."""


@dataclass(frozen=True)
class Reported:
    """What became of a report.

    Args:
        result: its name in metrics and logs.
        outcome: what the engine has taken last, or would have.
    """

    result: str
    outcome: Outcome


class Reporter:
    """Reports outcomes.

    Every report may be repeated: an outcome that arrived, but whose answer was lost, answers 404 the second
    time, or sets again what it set.

    Args:
        engine: where the tasks are.
        status: notes outages.
        random: spreads delays.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        status: EngineStatus,
        random: Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._status = status
        self._random = random
        self._monotonic = monotonic

    def report(self, task: ExternalTask, outcome: Outcome, lock: TaskLock, rules: ErrorRules) -> Reported:
        """Report until the engine has taken it, the task is no longer ours, or it takes too long."""
        tries = _Tries(self._monotonic() + GIVE_UP_SECONDS)
        while lock.state is LockState.HELD:
            lock.begin_report(outcome.retries if isinstance(outcome, Failure) else None)
            try:
                send(self._engine, task.id, task.worker_id, outcome)
            except BaseException as error:  # noqa: BLE001 - an outcome must end as something, whatever fails
                if result := self._result_of(error, task, outcome, tries):
                    return Reported(result, outcome)
                wait = self._wait_before_repeating(error, outcome, tries)
                if wait is not None:
                    self._status.pause(wait, lock.ended)
                elif (instead := self._instead_of(outcome, error, task, rules, tries)) is not None:
                    outcome = instead
                else:
                    return Reported(UNREPORTED, outcome)
            else:
                self._status.answered()
                return Reported(label(outcome), outcome)
        return Reported(lock.state.value, outcome)

    def _result_of(self, error: BaseException, task: ExternalTask, outcome: Outcome, tries: "_Tries") -> str:
        """Return the result that an error means at once; empty if it means none."""
        if isinstance(error, NotFound):
            return label(outcome) if tries.unclear else LockState.CANCELLED.value
        if isinstance(error, LockLost):
            return LockState.LOST.value
        if isinstance(error, TaskSuspended) or self._is_held_up(error, task, outcome):
            return SUSPENDED
        return ""

    def _wait_before_repeating(self, error: BaseException, outcome: Outcome, tries: "_Tries") -> Wait | None:
        tries.count += 1
        if isinstance(error, VariableError) or self._monotonic() >= tries.give_up_at:
            return None
        if isinstance(error, OptimisticLockingConflict):
            seconds = CONFLICT_BACKOFF.delay(tries.count, self._random)
            return Wait(seconds, seconds)
        if is_outage(error):
            tries.unclear = tries.unclear or may_have_had_effect(error)
            self._status.failed(error)
            return wait_after(error, tries.count, self._random)
        if isinstance(error, EngineServerError) and (
            tries.count < SERVER_ERROR_TRIES or isinstance(outcome, Failure)
        ):
            return wait_after(error, tries.count, self._random)
        return None

    def _is_held_up(self, error: BaseException, task: ExternalTask, outcome: Outcome) -> bool:
        """Whether a BPMN error failed because a calling instance is suspended: the engine does not say so."""
        if not (isinstance(error, EngineServerError) and isinstance(outcome, BpmnError)):
            return False
        try:
            return self._engine.has_suspended_caller(task.process_instance_id)
        except BaseException:  # noqa: BLE001 - then it is handled as any error inside the engine
            return False

    def _instead_of(
        self, outcome: Outcome, error: BaseException, task: ExternalTask, rules: ErrorRules, tries: "_Tries"
    ) -> Outcome | None:
        if self._monotonic() >= tries.give_up_at:
            return None
        if isinstance(outcome, Failure):
            # What it says is kept, without the variables that the engine may have refused.
            return replace(outcome, variables={}) if outcome.variables else None
        judged = rules.judge(error, task.retries, self._random)
        text = _refusal(error, outcome)
        if isinstance(judged, Failure):
            return Failure(text, judged.details, judged.retries, judged.retry_seconds)
        # A BPMN error that the engine has refused would be refused again: an incident is what remains.
        return Failure(text) if isinstance(outcome, BpmnError) else BpmnError(TASK_ERROR, text)


@dataclass
class _Tries:
    give_up_at: float
    count: int = 0
    unclear: bool = False


def _refusal(error: BaseException, outcome: Outcome) -> str:
    """Say why the engine did not take an outcome, in its own words but without values that were sent."""
    if not isinstance(error, EngineError):
        return summary(error)
    sent = _sent(outcome)
    words = error.reason
    for value in sorted(_texts(sent.values()), key=len, reverse=True):
        words = words.replace(value, "…")
    names = f"; it was sent the variables {', '.join(sent)}" if sent else ""
    return f"the engine refused the outcome: {words or summary(error)}{names}"


def _sent(outcome: Outcome) -> Mapping[str, Any]:
    if isinstance(outcome, Complete):
        return {**outcome.variables, **outcome.local_variables}
    return outcome.variables


def _texts(values: Iterable[Any]) -> set[str]:
    texts = {_shown(value)[:_QUOTED_CHARACTERS] for value in values}
    return {text for text in texts if len(text) >= _SHORTEST_VALUE}


def _shown(value: Any) -> str:
    try:
        value = getattr(value, "value", value)
        # Without a text's own methods, which may be the user's.
        return str.__str__(value) if isinstance(value, str) else str(value)
    except BaseException:  # noqa: BLE001 - a value's own method may fail, and the task must end all the same
        return ""
