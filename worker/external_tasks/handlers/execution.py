"""Runs one handler; whatever it does, an outcome comes out."""

import inspect
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from external_tasks.engine.messages import MessageEngine
from external_tasks.engine.model import ExternalTask
from external_tasks.errors import PermanentError
from external_tasks.handlers.callables import close_awaitable
from external_tasks.handlers.cancellation import Cancellation
from external_tasks.handlers.outcomes import Outcome, from_result
from external_tasks.handlers.router import TopicHandler
from external_tasks.handlers.sending import TaskEngine
from external_tasks.handlers.task import Task, TaskLink, TaskVariables
from external_tasks.retry import Random


@dataclass(frozen=True)
class Executed:
    """An outcome, and the exception that it came from, if any."""

    outcome: Outcome
    error: BaseException | None = None


@dataclass(frozen=True)
class Executor:
    """Runs handlers: plain ones in the calling thread, async ones in the calling asyncio task.

    Args:
        read_file: fetches the content of a file variable of a task.
        random: spreads the delays of retries.
        context: the context variables that each handler begins with; what it sets is gone with its task.
        engine: sends messages and signals for handlers.
    """

    read_file: Callable[[ExternalTask, str], bytes]
    random: Random
    context: Context
    engine: MessageEngine | None = None

    def execute(self, external: ExternalTask, handler: TopicHandler, cancelled: Cancellation) -> Executed:
        """Run the handler of a task; its exceptions, exits included, become an outcome."""
        return self.context.copy().run(self._execute, external, handler, cancelled)

    async def execute_async(
        self, external: ExternalTask, handler: TopicHandler, cancelled: Cancellation
    ) -> Executed:
        """Run the async handler of a task; the same, its being cancelled included."""
        try:
            return Executed(from_result(await handler.call(self._task(external, handler, cancelled))))
        except BaseException as error:  # noqa: BLE001 - as below; an exit would end the loop of all handlers
            return Executed(handler.rules.judge(error, external.retries, self.random), error)

    def _execute(self, external: ExternalTask, handler: TopicHandler, cancelled: Cancellation) -> Executed:
        try:
            result = handler.call(self._task(external, handler, cancelled))
            _refuse_awaitable(result, external.topic)
            return Executed(from_result(result))
        except BaseException as error:  # noqa: BLE001 - a handler that calls sys.exit must not end its slot
            return Executed(handler.rules.judge(error, external.retries, self.random), error)

    def _task(self, external: ExternalTask, handler: TopicHandler, cancelled: Cancellation) -> Task:
        return Task(
            id=external.id,
            topic=external.topic,
            variables=TaskVariables(external.variables),
            business_key=external.business_key,
            process_instance_id=external.process_instance_id,
            process_definition_id=external.process_definition_id,
            process_definition_key=external.process_definition_key,
            process_definition_version_tag=external.process_definition_version_tag,
            execution_id=external.execution_id,
            activity_id=external.activity_id,
            activity_instance_id=external.activity_instance_id,
            retries=external.retries,
            attempt=handler.rules.retry.attempt(external.retries),
            error_message=external.error_message,
            worker_id=external.worker_id,
            created_at=external.created_at,
            lock_expires_at=external.lock_expires_at,
            tenant_id=external.tenant_id,
            priority=external.priority,
            extension_properties=external.extension_properties,
            _link=TaskLink(
                cancelled,
                lambda name: self.read_file(external, name),
                None if self.engine is None else TaskEngine(self.engine, external, on_loop=handler.is_async),
                on_loop=handler.is_async,
            ),
        )


def _refuse_awaitable(result: Any, topic: str) -> None:
    if inspect.isawaitable(result):
        close_awaitable(result)
        raise PermanentError(
            f"the handler of {topic!r} is a plain function and returned a {type(result).__name__}, which "
            "nothing awaits: define it with `async def`"
        )
