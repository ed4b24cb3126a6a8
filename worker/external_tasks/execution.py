"""Runs one handler; whatever it does, an outcome comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

from external_tasks.model import ExternalTask
from external_tasks.outcomes import Outcome, from_result
from external_tasks.registry import TopicHandler
from external_tasks.retry import Random
from external_tasks.task import Task
from external_tasks.variables import decode

Around = Callable[[Task, Callable[[Task], Any]], Any]
"""Wraps every handler: ``around(task, call)`` returns ``call(task)`` and does more before and after."""


@dataclass(frozen=True)
class Executed:
    """An outcome, and the exception that it came from, if any."""

    outcome: Outcome
    error: BaseException | None = None


@dataclass(frozen=True)
class Executor:
    """Runs handlers in the calling thread.

    Args:
        read_file: fetches the content of a file variable of a task.
        random: spreads the delays of retries.
        around: wraps every handler; None for nothing.
    """

    read_file: Callable[[ExternalTask, str], bytes]
    random: Random
    around: Around | None = None

    def execute(self, external: ExternalTask, handler: TopicHandler, cancelled: Event) -> Executed:
        """Run the handler of a task; its exceptions, exits included, become an outcome."""
        try:
            task = self._task(external, handler, cancelled)
            result = handler.call(task) if self.around is None else self.around(task, handler.call)
            return Executed(from_result(result))
        except BaseException as error:  # noqa: BLE001 - a handler that calls sys.exit must not end its slot
            return Executed(handler.rules.judge(error, external.retries, self.random), error)

    def _task(self, external: ExternalTask, handler: TopicHandler, cancelled: Event) -> Task:
        return Task(
            id=external.id,
            topic=external.topic,
            variables=decode(external.variables),
            business_key=external.business_key,
            process_instance_id=external.process_instance_id,
            process_definition_key=external.process_definition_key,
            activity_id=external.activity_id,
            retries=external.retries,
            attempt=handler.rules.retry.attempt(external.retries),
            worker_id=external.worker_id,
            lock_expires_at=external.lock_expires_at,
            tenant_id=external.tenant_id,
            priority=external.priority,
            extension_properties=external.extension_properties,
            _cancelled=cancelled,
            _read_file=lambda name: self.read_file(external, name),
        )
