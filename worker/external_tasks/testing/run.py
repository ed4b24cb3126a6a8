"""Runs one handler as a worker would."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import Any

from external_tasks.engine.messages import MessageEngine
from external_tasks.engine.model import ExternalTask
from external_tasks.engine.variables import File, decode, encode
from external_tasks.handlers.cancellation import Cancellation
from external_tasks.handlers.execution import Executed, Executor
from external_tasks.handlers.outcomes import BpmnError, Complete, OnRetriesExhausted, Outcome
from external_tasks.handlers.router import Defaults, TaskRouter, TopicHandler
from external_tasks.retry import RetryPolicy


def run_task(  # noqa: PLR0913 - every keyword is one fact about the task
    handler: Callable[..., Any],
    variables: Mapping[str, Any] | None = None,
    *,
    topic: str = "topic",
    task_id: str = "task-1",
    business_key: str | None = None,
    retries: int | None = None,
    retry: RetryPolicy | None = None,
    on_retries_exhausted: OnRetriesExhausted = "incident",
    cancelled: bool = False,
    engine: MessageEngine | None = None,
) -> Outcome:
    """Run a handler for a task with these variables and return the outcome that the engine would get.

    Variables pass through the engine's types both ways, so the handler sees what it would see in earnest, and
    the outcome holds what the process would get. Delays of retries are not spread.

    Args:
        handler: as registered.
        variables: of the process.
        topic: of the task.
        task_id: of the task; also its idempotency key.
        business_key: of the process instance.
        retries: what the engine says is left; None for the first attempt.
        retry: the policy; None takes the default one.
        on_retries_exhausted: what follows used-up retries.
        cancelled: whether the task is cancelled from the start. An async handler is then cancelled at the
            first ``await`` that has to wait.
        engine: takes the messages and signals of the handler, e.g. a `FakeEngine`.
    """
    router = TaskRouter()
    router.task(topic, retry=retry, on_retries_exhausted=on_retries_exhausted)(handler)
    entry = router.resolve(Defaults())[topic]
    given = dict(variables or {})
    wanted = entry.subscription.variables
    task = ExternalTask(
        id=task_id,
        topic=topic,
        worker_id="test",
        variables=encode({name: value for name, value in given.items() if wanted is None or name in wanted}),
        retries=retries,
        business_key=business_key,
    )
    event = Cancellation()
    if cancelled:
        event.set()
    executor = Executor(lambda _, name: _content(given[name]), lambda: 0.5, copy_context(), engine)
    executed = (
        _run_async(executor, task, entry, event) if entry.is_async else executor.execute(task, entry, event)
    )
    outcome = executed.outcome
    try:
        return _through_engine(outcome)
    except Exception as error:  # noqa: BLE001 - as in a worker: what cannot be encoded has failed
        return entry.rules.judge(error, retries, lambda: 0.5)


def _run_async(
    executor: Executor, task: ExternalTask, entry: TopicHandler, cancelled: Cancellation
) -> Executed:
    """Run an async handler on an event loop in a thread of its own: the test may run on one itself."""

    async def run() -> Executed:
        running = asyncio.create_task(executor.execute_async(task, entry, cancelled))
        await asyncio.sleep(0)
        if cancelled.is_set():
            running.cancel()
        return await running

    context = executor.context.copy()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(context.run, asyncio.run, run()).result()


def _through_engine(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Complete):
        return Complete(decode(encode(outcome.variables)), decode(encode(outcome.local_variables)))
    if isinstance(outcome, BpmnError):
        return BpmnError(outcome.code, outcome.message, decode(encode(outcome.variables)))
    return replace(outcome, variables=decode(encode(outcome.variables)))


def _content(value: Any) -> bytes:
    return value.content or b"" if isinstance(value, File) else b""
