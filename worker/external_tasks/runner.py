"""One task from its fetch to its report."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from external_tasks.due import DueRetries
from external_tasks.errors import HandlerError
from external_tasks.execution import Executed, Executor
from external_tasks.locks import HeldLock, LockKeeper
from external_tasks.metrics import Metrics
from external_tasks.model import ExternalTask
from external_tasks.outcomes import Failure
from external_tasks.registry import TopicHandler
from external_tasks.reporting import Report, Reporter
from external_tasks.slots import Pace

logger = logging.getLogger(__name__)

_LEVELS = {"completed": logging.INFO, "bpmn_error": logging.INFO, "incident": logging.ERROR}


@dataclass(frozen=True)
class TaskRunner:
    """Runs tasks, each with its lock kept, and reports, counts and logs them.

    Args:
        handlers: by topic.
        executor: runs a handler.
        keeper: keeps the lock meanwhile.
        reporter: tells the engine.
        due: hears of the retries that were asked for.
        pace: learns how long tasks take.
        metrics: counts.
        clock: seconds, for durations.
    """

    handlers: Mapping[str, TopicHandler]
    executor: Executor
    keeper: LockKeeper
    reporter: Reporter
    due: DueRetries
    pace: Pace
    metrics: Metrics
    clock: Callable[[], float] = time.perf_counter

    def take(self, task: ExternalTask) -> Callable[[], None] | None:
        """Take care of a fetched task; return the work on it, or None if it is being done already."""
        if self.keeper.renew(task.id, task.retries):
            return None
        lock_seconds = self.handlers[task.topic].subscription.lock_ms / 1000
        return partial(self._run, task, self.keeper.hold(task.id, task.topic, lock_seconds))

    def _run(self, task: ExternalTask, held: HeldLock) -> None:
        handler = self.handlers[task.topic]
        started = self.clock()
        try:
            executed = self.executor.execute(task, handler, held.ended)
            handled = self.clock()
            report = self.reporter.report(task, executed.outcome, held, handler.rules)
            if report.result == "failed" and isinstance(report.outcome, Failure):
                self.due.add(task.id, report.outcome.retry_seconds)
        finally:
            self.keeper.drop(held)
        self._note(task, executed, report, handled - started, self.clock() - handled)

    def _note(
        self,
        task: ExternalTask,
        executed: Executed,
        report: Report,
        handler_seconds: float,
        report_seconds: float,
    ) -> None:
        self.pace.learn(handler_seconds, report_seconds)
        self.metrics.task_ended(task.topic, report.result, handler_seconds)
        level = _LEVELS.get(report.result, logging.WARNING)
        if logger.isEnabledFor(level):
            fields = self._fields(task, report, handler_seconds)
            logger.log(level, _sentence(report), extra=fields, exc_info=_unexpected(executed))

    def _fields(self, task: ExternalTask, report: Report, seconds: float) -> dict[str, Any]:
        return {
            "topic": task.topic,
            "task_id": task.id,
            "business_key": task.business_key,
            "process_instance_id": task.process_instance_id,
            "worker_id": task.worker_id,
            "attempt": self.handlers[task.topic].rules.retry.attempt(task.retries),
            "seconds": round(seconds, 4),
            "outcome": report.result,
        }


def _sentence(report: Report) -> str:
    message = getattr(report.outcome, "message", "")
    return f"task {report.result}: {message}" if message else f"task {report.result}"


def _unexpected(executed: Executed) -> BaseException | None:
    # What a handler raises on purpose says enough; anything else needs its traceback.
    return None if isinstance(executed.error, HandlerError) else executed.error
