"""Runs one handler as a worker would."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from external_tasks.execution import Executor
from external_tasks.model import ExternalTask
from external_tasks.outcomes import BpmnError, Complete, Exhausted, Outcome
from external_tasks.registry import Defaults, TaskRouter
from external_tasks.retry import RetryPolicy
from external_tasks.variables import File, decode, encode


def run_task(  # noqa: PLR0913 - every keyword is one fact about the task
    handler: Callable[..., Any],
    variables: Mapping[str, Any] | None = None,
    *,
    topic: str = "topic",
    task_id: str = "task-1",
    business_key: str | None = None,
    retries: int | None = None,
    retry: RetryPolicy | None = None,
    exhausted: Exhausted = "incident",
    cancelled: bool = False,
) -> Outcome:
    """Run a handler for a task with these variables and return what the engine would be told.

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
        exhausted: what follows used-up retries.
        cancelled: whether the task is cancelled from the start.
    """
    router = TaskRouter()
    router.task(topic, retry=retry, exhausted=exhausted)(handler)
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
    event = Event()
    if cancelled:
        event.set()
    executor = Executor(lambda _, name: _content(given[name]), lambda: 0.5)
    outcome = executor.execute(task, entry, event).outcome
    try:
        return _through_engine(outcome)
    except Exception as error:  # noqa: BLE001 - as in a worker: what cannot be encoded has failed
        return entry.rules.judge(error, retries, lambda: 0.5)


def _through_engine(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Complete):
        return Complete(decode(encode(outcome.variables)), decode(encode(outcome.local_variables)))
    if isinstance(outcome, BpmnError):
        return BpmnError(outcome.code, outcome.message, decode(encode(outcome.variables)))
    return outcome


def _content(value: Any) -> bytes:
    return value.content or b"" if isinstance(value, File) else b""
