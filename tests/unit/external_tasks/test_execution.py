from threading import Event
from typing import Any

from external_tasks import Complete, ExternalTask, Failure, Task, TaskRouter
from external_tasks.execution import Around, Executed, Executor
from external_tasks.registry import Defaults


def execute(handler: Any, task: ExternalTask, around: Around | None = None) -> Executed:
    router = TaskRouter()
    router.task(task.topic)(handler)
    executor = Executor(lambda external, name: f"{external.id}/{name}".encode(), lambda: 0.5, around)
    return executor.execute(task, router.resolve(Defaults())[task.topic], Event())


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


def test_a_variable_that_cannot_be_read_is_a_failure() -> None:
    executed = execute(idle, external(a={"type": "Json", "value": "{bad"}))

    assert isinstance(executed.outcome, Failure)
    assert "variable 'a'" in executed.outcome.message


def test_something_can_be_done_around_every_handler() -> None:
    steps: list[str] = []

    def around(task: Task, call: Any) -> Any:
        steps.append(f"before {task.id}")
        try:
            return call(task)
        finally:
            steps.append("after")

    def handle(task: Task) -> dict[str, int]:
        steps.append("handle")
        return {"a": 1}

    assert execute(handle, external(), around).outcome == Complete({"a": 1})
    assert steps == ["before t1", "handle", "after"]


def test_an_exception_around_a_handler_is_its_failure() -> None:
    def around(task: Task, call: Any) -> Any:
        raise RuntimeError("no tracer")

    outcome = execute(idle, external(), around).outcome

    assert isinstance(outcome, Failure)
    assert outcome.message == "RuntimeError: no tracer"
