"""Tells the engine how a task ended, and repeats that where repeating is right."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from external_tasks.errors import (
    EngineError,
    EngineOverloaded,
    EngineServerError,
    EngineUnreachable,
    LockLost,
    NotFound,
    OptimisticLockingConflict,
    TaskSuspended,
)
from external_tasks.locks import HeldLock, Hold
from external_tasks.model import ExternalTask
from external_tasks.outages import is_outage, seconds_to_wait
from external_tasks.outcomes import ErrorRules, Failure, Outcome, label, send
from external_tasks.ports import ExternalTaskEngine
from external_tasks.retry import Backoff, Random
from external_tasks.status import EngineStatus

CONFLICT_BACKOFF = Backoff(first_seconds=0.02, factor=2, max_seconds=1, jitter=0.5)

SERVER_ERROR_TRIES = 3
"""A report that fails inside the engine so often is taken as a failure of the task."""

GIVE_UP_SECONDS = 600.0
"""A report is repeated for so long; then the lock is left to expire and the task is done again."""

UNREPORTED = "unreported"
SUSPENDED = "suspended"


@dataclass(frozen=True)
class Report:
    """What became of a report: its name in metrics and logs, and the outcome that the engine has taken."""

    result: str
    outcome: Outcome


class Reporter:
    """Reports outcomes.

    Every report may be repeated: an outcome that arrived, but whose answer was lost, answers 404 the second
    time, or sets again what it set.

    Args:
        engine: where the tasks are.
        status: hears of outages.
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

    def report(self, task: ExternalTask, outcome: Outcome, held: HeldLock, rules: ErrorRules) -> Report:
        """Report until the engine has taken it, the task is no longer ours, or it takes too long."""
        held.reporting = True
        tries = _Tries(self._monotonic() + GIVE_UP_SECONDS)
        while held.state is Hold.HELD:
            held.reported_retries = outcome.retries if isinstance(outcome, Failure) else None
            try:
                send(self._engine, task.id, task.worker_id, outcome)
            except NotFound:
                return Report(label(outcome) if tries.unclear else Hold.GONE.value, outcome)
            except LockLost:
                return Report(Hold.LOST.value, outcome)
            except TaskSuspended:
                return self._give_back(task, outcome)
            except Exception as error:  # noqa: BLE001 - whatever a handler returned must not end its thread
                delay = self._delay_before_repeating(error, outcome, tries)
                if delay is None:
                    instead = self._instead_of(outcome, error, task, rules)
                    if instead is None:
                        return Report(UNREPORTED, outcome)
                    outcome = instead
                else:
                    held.ended.wait(delay)
            else:
                self._status.answered()
                return Report(label(outcome), outcome)
        return Report(held.state.value, outcome)

    def _give_back(self, task: ExternalTask, outcome: Outcome) -> Report:
        # It may stay so for days, and a slot must not wait for that: the task is done again afterwards.
        with suppress(EngineError):
            self._engine.unlock(task.id)
        return Report(SUSPENDED, outcome)

    def _delay_before_repeating(self, error: Exception, outcome: Outcome, tries: "_Tries") -> float | None:
        tries.count += 1
        if self._monotonic() >= tries.give_up_at:
            return None
        if isinstance(error, OptimisticLockingConflict):
            return CONFLICT_BACKOFF.delay(tries.count, self._random)
        if isinstance(error, EngineError) and is_outage(error):
            tries.unclear = tries.unclear or isinstance(error, EngineUnreachable | EngineOverloaded)
            self._status.failed(error)
            return seconds_to_wait(error, tries.count, self._random)
        if isinstance(error, EngineServerError) and (
            tries.count < SERVER_ERROR_TRIES or isinstance(outcome, Failure)
        ):
            return seconds_to_wait(error, tries.count, self._random)
        return None

    def _instead_of(
        self, outcome: Outcome, error: Exception, task: ExternalTask, rules: ErrorRules
    ) -> Outcome | None:
        if isinstance(outcome, Failure):
            return None
        judged = rules.judge(error, task.retries, self._random)
        # A BPMN error that the engine has refused would be refused again: an incident is what remains.
        same = type(judged) is type(outcome)
        return Failure(f"the engine refused the outcome: {error}") if same else judged


@dataclass
class _Tries:
    give_up_at: float
    count: int = 0
    unclear: bool = False
