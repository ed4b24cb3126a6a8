from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from external_tasks import MissingVariable, RegistrationError, Task
from external_tasks.handlers.signature import bind

TASK = Task("task-1", "mail", {"email": "a@b.c", "guests": 2, "note": None})


def test_a_handler_may_take_the_task() -> None:
    binding = bind(lambda task: task.id)

    assert binding.call(TASK) == "task-1"
    assert (binding.names, binding.takes_task) == ((), True)


def test_the_task_is_recognised_by_its_annotation_too() -> None:
    def handler(work: Task) -> str:
        return work.id

    def postponed(work: "Task") -> str:
        return work.id

    assert bind(handler).call(TASK) == bind(postponed).call(TASK) == "task-1"


def test_a_handler_may_name_the_variables_it_needs() -> None:
    def handler(email: str, guests: int) -> tuple[str, int]:
        return email, guests

    binding = bind(handler)

    assert binding.call(TASK) == ("a@b.c", 2)
    assert (binding.names, binding.takes_task) == (("email", "guests"), False)


def test_a_handler_may_take_both_and_keywords() -> None:
    def handler(task: Task, *, email: str) -> tuple[str, str]:
        return task.id, email

    assert bind(handler).call(TASK) == ("task-1", "a@b.c")


def test_a_handler_may_take_nothing() -> None:
    assert bind(lambda: "done").call(TASK) == "done"


def test_a_variable_that_is_not_set_takes_the_default() -> None:
    assert bind(lambda phone="none": phone).call(TASK) == "none"


def test_a_variable_that_is_set_to_null_is_none() -> None:
    assert bind(lambda note="default": note).call(TASK) is None


def test_missing_variables_are_named() -> None:
    def handler(email: str, first_name: str, age: int) -> None:
        """Take what the process has not set."""

    with pytest.raises(MissingVariable, match=r"'mail'.*first_name, age"):
        bind(handler).call(TASK)


def test_methods_and_callables_are_handlers() -> None:
    class Mailer:
        def send(self, email: str) -> str:
            return f"sent to {email}"

        def __call__(self, guests: int) -> int:
            return guests

    assert bind(Mailer().send).call(TASK) == "sent to a@b.c"
    assert bind(Mailer()).call(TASK) == 2


def test_what_has_no_name_of_its_own_is_refused() -> None:
    def positional(*values: Any) -> None:
        """Take anything."""

    def keywords(**values: Any) -> None:
        """Take anything."""

    for handler in (positional, keywords):
        with pytest.raises(RegistrationError, match="values"):
            bind(handler)


def generator() -> Iterator[int]:
    yield 1


async def asynchronous_generator() -> AsyncIterator[int]:
    yield 1


class Handlers:
    def handle(self, task: Task) -> str:
        return task.id

    def __call__(self, email: str) -> str:
        return email


@pytest.mark.parametrize(
    ("handler", "complaint"),
    [
        (generator, "generator"),
        (partial(partial(generator)), "generator"),
        (asynchronous_generator, "generator"),
        (partial(asynchronous_generator), "generator"),
        (Handlers, "a class"),
        (dict, "a class"),
        (None, "a handler is a function"),
        ("handle", "a handler is a function"),
        (min, "does not show its parameters|takes"),
        (Handlers.handle, r"Handlers\.handle is a method without its object"),
    ],
)
def test_what_can_never_work_is_refused(handler: Any, complaint: str) -> None:
    with pytest.raises(RegistrationError, match=complaint):
        bind(handler)


def test_a_handler_that_takes_the_task_twice_is_refused() -> None:
    def handler(task: Task, work: Task) -> None:
        """Take it twice."""

    with pytest.raises(RegistrationError, match="twice: task, work"):
        bind(handler)


def test_methods_and_callable_objects_are_handlers() -> None:
    assert bind(Handlers().handle).call(TASK) == "task-1"
    assert bind(Handlers()).call(TASK) == "a@b.c"


POSTPONED = """
from __future__ import annotations
from typing import TYPE_CHECKING, Optional
from external_tasks import Task as T
if TYPE_CHECKING:
    from nowhere import Missing
def renamed(work: T) -> str:
    return work.id
def optional(work: Optional[T] = None) -> str:
    return work.id
def union(work: T | None) -> str:
    return work.id
def unknown(email: Missing) -> Missing:
    return email
def returns_unknown(work: T) -> Missing:
    return work.id
def beside_unknown(email: Missing, work: "T") -> str:
    return work.id
def quoted_inside(work: Optional["T"]) -> str:
    return work.id
"""


@pytest.mark.parametrize(
    "name", ["renamed", "optional", "union", "returns_unknown", "beside_unknown", "quoted_inside"]
)
def test_a_postponed_annotation_is_evaluated(name: str) -> None:
    module: dict[str, Any] = {}
    exec(POSTPONED, module)  # noqa: S102 - a module of its own

    assert bind(module[name]).call(TASK) == "task-1"


def test_an_annotation_for_type_checkers_only_does_no_harm() -> None:
    module: dict[str, Any] = {}
    exec(POSTPONED, module)  # noqa: S102 - a module of its own

    assert bind(module["unknown"]).call(TASK) == "a@b.c"


def test_a_list_of_tasks_is_not_the_task() -> None:
    def handle(work: list[Task]) -> None:
        """Take it."""

    with pytest.raises(RegistrationError, match="parameter 'work'"):
        bind(handle)
