"""One task from its fetch to its report: lock, thread, handler and report have one owner."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from external_tasks.engine.model import ExternalTask
from external_tasks.errors import BusinessError, HandlerError, PermanentError
from external_tasks.handlers.execution import Executed
from external_tasks.handlers.outcomes import Failure
from external_tasks.handlers.router import TopicHandler
from external_tasks.runtime.batch_sizing import BatchSizing
from external_tasks.runtime.give_back import GiveBack
from external_tasks.runtime.locks import LockState, TaskLock, TaskLocks
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.performing import Performer
from external_tasks.runtime.reporting import SUSPENDED, UNREPORTED, Reported, Reporter
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.runtime.slots import Slots
from external_tasks.runtime.topic_limits import TopicLimits
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

_LEVELS = {"completed": logging.INFO, "bpmn_error": logging.INFO, "incident": logging.ERROR}


@dataclass(frozen=True)
class TaskRunner:
    """Runs fetched tasks, each with its lock kept, and reports, counts and logs them.

    Args:
        handlers: by topic.
        slots: each task has one, from the fetch on; it becomes free when the task has ended.
        limits: each task counts for its topic as long as it has a slot.
        performer: runs handlers.
        locks: the locks of the tasks under way.
        reporter: tells the engine.
        give_back: gives tasks back.
        timers: notes when retries fall due.
        sizing: learns how long tasks take.
        metrics: counts.
        clock: seconds, for durations.
    """

    handlers: Mapping[str, TopicHandler]
    slots: Slots
    limits: TopicLimits
    performer: Performer
    locks: TaskLocks
    reporter: Reporter
    give_back: GiveBack
    timers: RetryTimers
    sizing: BatchSizing
    metrics: Metrics
    clock: Callable[[], float] = time.perf_counter

    def start(self, task: ExternalTask) -> None:
        """Work on a fetched task, which has taken a slot."""
        handler = self.handlers.get(task.topic)
        if handler is None:
            # A database may take topics for the same that differ by case or by blanks at the end.
            self._free_slot(task)
            logger.warning(
                "task left alone for a while: the engine gave out a topic that was not asked for",
                extra={"topic": task.topic, "task_id": task.id},
            )
            self.give_back.later(task)
            return
        lock = self.locks.take(task, handler.subscription.lock_ms / 1000)
        if lock is None:
            # Its lock had expired, and the engine gave out what is still being worked on.
            logger.warning("task fetched again while it is running", extra={"task_id": task.id})
            self._free_slot(task)
            return
        self.performer.perform(task, handler, lock, partial(self._finish, task, handler, lock))

    def refuse(self, task: ExternalTask, reason: str) -> None:
        """Give back a fetched task, which has taken a slot, instead of working on it."""
        self._free_slot(task)
        self.give_back.now(task.id, task.topic, reason)

    def give_back_all(self) -> None:
        """Give back the tasks that are still under way; their handlers can notice it."""
        for lock in self.locks.all:
            lock.end(LockState.UNLOCKED)
            self.give_back.now(lock.task_id, lock.topic, "its handler did not end in time")

    def _finish(
        self,
        task: ExternalTask,
        handler: TopicHandler,
        lock: TaskLock,
        executed: Executed,
        handler_seconds: float,
    ) -> None:
        try:
            handled = self.clock()
            reported = self.reporter.report(task, executed.outcome, lock, handler.rules)
            # Dropped before it can be fetched again: a task that comes back while its lock is known as held
            # would be passed over as one that is running.
            self.locks.drop(lock)
            self._judge_topic(task, executed)
            self._follow_up(task, lock, reported)
            self._note(task, handler, executed, reported, handler_seconds, self.clock() - handled)
        finally:
            self.locks.drop(lock)
            self._free_slot(task)

    def _free_slot(self, task: ExternalTask) -> None:
        self.slots.release()
        if self.limits.end(task.topic):
            # The pending poll does not ask for this topic, as it was at its limit: fetch beside it.
            self.timers.add(f"limit of {task.topic}", 0.0)

    def _judge_topic(self, task: ExternalTask, executed: Executed) -> None:
        failed = _has_failed(executed)
        pause = None if failed is None else self.limits.note(task.topic, failed=failed)
        if pause == 0:
            # The pending poll may not ask for its topics: fetch beside it.
            self.timers.add(f"end of a pause of {task.topic}", 0.0)
            logger.info("topic no longer paused", extra={"topic": task.topic, "worker_id": task.worker_id})
        elif pause is not None:
            self.metrics.topic_paused(task.topic)
            logger.warning(
                "topic paused, as its tasks keep failing",
                extra={"topic": task.topic, "worker_id": task.worker_id, "seconds": round(pause, 3)},
            )

    def _follow_up(self, task: ExternalTask, lock: TaskLock, reported: Reported) -> None:
        if reported.result == SUSPENDED:
            self.give_back.later(task)
            return
        self.give_back.forget(task.id)
        if reported.result == "failed" and isinstance(reported.outcome, Failure):
            self.timers.add(task.id, reported.outcome.retry_seconds)
        elif reported.result == UNREPORTED and lock.fetched_again:
            self.give_back.now(task.id, task.topic, "its outcome could not be reported")

    def _note(
        self,
        task: ExternalTask,
        handler: TopicHandler,
        executed: Executed,
        reported: Reported,
        handler_seconds: float,
        report_seconds: float,
    ) -> None:
        self.sizing.learn(handler_seconds, report_seconds)
        self.metrics.task_ended(task.topic, reported.result, handler_seconds)
        level = _LEVELS.get(reported.result, logging.WARNING)
        if logger.isEnabledFor(level):
            fields = _fields(task, handler, reported, handler_seconds) | _unexpected(handler, executed)
            logger.log(level, _sentence(reported), extra=fields)


def _has_failed(executed: Executed) -> bool | None:
    """Whether a task has failed in a way that may pass; None where that says nothing about what it needs."""
    error = executed.error
    if error is None:
        return isinstance(executed.outcome, Failure)
    if isinstance(error, BusinessError):
        return False
    return True if isinstance(error, Exception) and not isinstance(error, PermanentError) else None


def _fields(
    task: ExternalTask, handler: TopicHandler, reported: Reported, handler_seconds: float
) -> dict[str, Any]:
    return {
        "topic": task.topic,
        "task_id": task.id,
        "business_key": task.business_key,
        "process_instance_id": task.process_instance_id,
        "worker_id": task.worker_id,
        "attempt": handler.rules.retry.attempt(task.retries),
        "seconds": round(handler_seconds, 4),
        "outcome": reported.result,
    }


def _sentence(reported: Reported) -> str:
    message = getattr(reported.outcome, "message", "")
    return f"task {reported.result}: {message}" if message else f"task {reported.result}"


def _unexpected(handler: TopicHandler, executed: Executed) -> dict[str, str]:
    # What a handler raises on purpose says enough; anything else needs its traceback.
    if executed.error is None or isinstance(executed.error, HandlerError):
        return {}
    return {"traceback": handler.rules.details(executed.error)}
