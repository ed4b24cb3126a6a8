"""Handlers may name the process variables they need as parameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from external_tasks.errors import MissingVariable, RegistrationError
from external_tasks.task import Task


@dataclass(frozen=True)
class Binding:
    """A handler as a function of the task alone.

    Args:
        call: runs the handler.
        names: the process variables that its parameters name.
        takes_task: it has a parameter for the task itself.
    """

    call: Callable[[Task], Any]
    names: tuple[str, ...]
    takes_task: bool


def bind(handler: Callable[..., Any]) -> Binding:
    """Find out what a handler takes.

    A parameter named ``task`` or annotated `Task` gets the task; every other one gets the process variable
    of its name, or its default where that variable is not set.

    Raises:
        RegistrationError: the handler is a coroutine function, or takes arguments without names of their own.
    """
    parameters = _parameters(handler)
    task_parameter = next((p.name for p in parameters if _takes_task(p)), None)
    variables = [p for p in parameters if p.name != task_parameter]
    names = tuple(p.name for p in variables)
    required = tuple(p.name for p in variables if p.default is p.empty)

    def call(task: Task) -> Any:
        _refuse_missing(task, required)
        arguments = {name: task.variables[name] for name in names if name in task.variables}
        if task_parameter is not None:
            arguments[task_parameter] = task
        return handler(**arguments)

    return Binding(call, names, task_parameter is not None)


def _parameters(handler: Callable[..., Any]) -> list[inspect.Parameter]:
    if inspect.iscoroutinefunction(handler):
        raise RegistrationError(f"{_name(handler)} is a coroutine function; handlers run in threads: use def")
    parameters = list(inspect.signature(handler).parameters.values())
    for parameter in parameters:
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise RegistrationError(
                f"{_name(handler)} takes {parameter}: a handler takes the task, or variables by their names"
            )
    return parameters


def _takes_task(parameter: inspect.Parameter) -> bool:
    # The annotation is a text where the handler's module postpones the evaluation of annotations.
    return parameter.name == "task" or parameter.annotation is Task or parameter.annotation == "Task"


def _refuse_missing(task: Task, required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in task.variables]
    if missing:
        raise MissingVariable(
            f"the handler of {task.topic!r} needs what the process has not set: {', '.join(missing)}"
        )


def _name(handler: Callable[..., Any]) -> str:
    return getattr(handler, "__qualname__", repr(handler))
