import copy
import dataclasses
import pickle
from contextvars import ContextVar, copy_context
from dataclasses import replace
from typing import Any

import pytest
from external_tasks import Complete, ExternalTask, Failure, Middleware, Task, TaskRouter, TransientError
from external_tasks.handlers.cancellation import Cancellation
from external_tasks.handlers.execution import Executed, Executor
from external_tasks.handlers.middleware import chained
from external_tasks.handlers.router import Defaults


def execute(handler: Any, task: ExternalTask, *middleware: Middleware) -> Executed:
    router = TaskRouter()
    router.task(task.topic)(handler)
    entry = router.resolve(Defaults())[task.topic]
    entry = replace(entry, call=chained(middleware, entry.call))
    return executor().execute(task, entry, Cancellation())


def executor() -> Executor:
    return Executor(lambda external, name: f"{external.id}/{name}".encode(), lambda: 0.5, copy_context())


def external(**variables: Any) -> ExternalTask:
    return ExternalTask("t1", "topic", "pod:1", variables, business_key="R1", process_instance_id="p1")


def idle(task: Task) -> None:
    """Do nothing."""


def test_a_handler_gets_the_facts_of_its_task() -> None:
    seen: list[Task] = []

    def look(task: Task) -> None:
        seen.append(task)

    execute(look, external(a={"type": "Json", "value": "[1]"}))

    assert (seen[0].id, seen[0].business_key, seen[0].variables) == ("t1", "R1", {"a": [1]})


def test_a_handler_that_calls_exit_has_failed() -> None:
    executed = execute(lambda: exit(3), external())  # noqa: PLR1722 - what a careless handler writes

    assert isinstance(executed.outcome, Failure)
    assert isinstance(executed.error, SystemExit)


def test_a_variable_that_cannot_be_read_fails_only_who_reads_it() -> None:
    variables = {"bad": {"type": "Json", "value": "{secret"}, "good": {"type": "Integer", "value": 1}}

    assert execute(lambda good: {"seen": good}, external(**variables)).outcome == Complete({"seen": 1})
    assert execute(idle, external(**variables)).outcome == Complete()

    outcome = execute(lambda task: task.variables["bad"], external(**variables)).outcome
    assert isinstance(outcome, Failure)
    assert outcome.message == "variable 'bad' cannot be read as Json (JSONDecodeError)"
    assert "secret" not in outcome.details


def test_middleware_is_a_chain_of_which_the_first_is_outermost() -> None:
    steps: list[str] = []

    def named(name: str) -> Middleware:
        def middleware(task: Task, call_next: Any) -> Any:
            steps.append(f"{name} before {task.id}")
            try:
                return call_next(task)
            finally:
                steps.append(f"{name} after")

        return middleware

    def handle(task: Task) -> dict[str, int]:
        steps.append("handle")
        return {"a": 1}

    assert execute(handle, external(), named("outer"), named("inner")).outcome == Complete({"a": 1})
    assert steps == ["outer before t1", "inner before t1", "handle", "inner after", "outer after"]


def test_an_exception_of_middleware_is_the_tasks_failure() -> None:
    def broken(task: Task, call_next: Any) -> Any:
        raise TransientError("no tracer")

    outcome = execute(idle, external(), broken).outcome

    assert isinstance(outcome, Failure)
    assert outcome.message == "no tracer"


VALUE: ContextVar[str] = ContextVar("VALUE", default="unset")


def test_a_task_sees_the_context_of_the_start_and_none_of_other_tasks() -> None:
    token = VALUE.set("of the program")
    of_start = executor()
    VALUE.reset(token)
    seen: list[str] = []

    def handle() -> None:
        seen.append(VALUE.get())
        VALUE.set("of a task")

    router = TaskRouter()
    router.task("topic")(handle)
    for _ in range(2):
        of_start.execute(external(), router.resolve(Defaults())["topic"], Cancellation())

    assert seen == ["of the program"] * 2
    assert VALUE.get() == "unset"


def pickled(task: Task) -> Any:
    return pickle.loads(pickle.dumps(task))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled, replace])
def test_a_task_can_be_copied(copied: Any) -> None:
    seen: list[Task] = []

    def handle(task: Task) -> None:
        seen.append(copied(task))

    assert execute(handle, external(a={"type": "Json", "value": "[1]"})).outcome == Complete()
    task = seen[0]
    assert (task.id, task.variables, task.cancelled) == ("t1", {"a": [1]}, False)
    assert dataclasses.asdict(task)["business_key"] == "R1"


def test_a_tasks_representation_shows_no_value() -> None:
    seen: list[str] = []

    def handle(task: Task) -> None:
        seen.append(repr(task) + repr(task.variables))

    execute(handle, external(email={"type": "String", "value": "zoe@example.com"}))

    assert "zoe" not in seen[0]
    assert "email" in seen[0]
