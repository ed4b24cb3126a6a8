"""Handlers may name the process variables they need as parameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from external_tasks.errors import MissingVariable, RegistrationError
from external_tasks.handlers.callables import called_by, is_async
from external_tasks.handlers.payloads import Payload, payload
from external_tasks.handlers.task import Task


@dataclass(frozen=True)
class Binding:
    """A handler as a function of the task alone.

    Args:
        call: runs the handler.
        names: the process variables that its parameters name.
        required: those of them that have no default.
        takes_task: it has a parameter for the task itself.
        takes_all: a parameter takes all variables of the task, whatever their names are.
        is_async: what `call` returns is to be awaited.
    """

    call: Callable[[Task], Any]
    names: tuple[str, ...]
    required: tuple[str, ...]
    takes_task: bool
    takes_all: bool = False
    is_async: bool = False


def bind(handler: Callable[..., Any]) -> Binding:
    """Find out what a handler takes.

    A parameter named ``task`` or annotated `Task` gets the task; every other one gets the process variable
    of its name, or its default where that variable is not set. One that is annotated with a dataclass or a
    pydantic model gets an object of it, made from its variable or, marked with `AllVariables`, from several.

    Raises:
        RegistrationError: it can never work as a handler: it is no function, returns before it has worked
            (generators), or takes arguments without names of their own.
    """
    _refuse_what_cannot_work(handler)
    parameters = _parameters(handler)
    if parameters and parameters[0].name == "self":
        # Decorated in its class, or taken from it: each task would miss a variable of this name.
        raise RegistrationError(
            f"{_name(handler)} is a method without its object: register the method of an object, "
            "e.g. router.task(topic)(handlers.handle)"
        )
    task_parameters = [p.name for p in parameters if _takes_task(p)]
    if len(task_parameters) > 1:
        raise RegistrationError(f"{_name(handler)} takes the task twice: {', '.join(task_parameters)}")
    task_parameter = task_parameters[0] if task_parameters else None
    variables = [p for p in parameters if p.name != task_parameter]
    payloads = {p.name: read for p in variables if (read := _payload(handler, p)) is not None}
    whole = {name: read for name, read in payloads.items() if read.takes_all}
    names = tuple(p.name for p in variables if p.name not in whole)
    to_fetch = tuple(dict.fromkeys((*names, *(n for read in whole.values() for n in read.names or ()))))
    required = tuple(p.name for p in variables if p.default is p.empty and p.name not in whole)

    def call(task: Task) -> Any:
        _refuse_missing(task, required)
        arguments = {name: _value(task, name, payloads.get(name)) for name in names if name in task.variables}
        arguments |= {name: read.from_variables(task.variables) for name, read in whole.items()}
        if task_parameter is not None:
            arguments[task_parameter] = task
        return handler(**arguments)

    takes_all = any(read.names is None for read in whole.values())
    return Binding(call, to_fetch, required, task_parameter is not None, takes_all, is_async(handler))


def _payload(handler: Any, parameter: inspect.Parameter) -> Payload | None:
    try:
        return payload(parameter.annotation)
    except TypeError as error:
        raise RegistrationError(f"{_name(handler)}: parameter {parameter.name!r}: {error}") from error


def _value(task: Task, name: str, read: Payload | None) -> Any:
    value = task.variables[name]
    return value if read is None else read.from_variable(name, value)


def _refuse_what_cannot_work(handler: Any) -> None:
    if not callable(handler):
        raise RegistrationError(f"a handler is a function, not {handler!r}")
    if inspect.isclass(handler):
        raise RegistrationError(f"{_name(handler)} is a class: register a method of an object of it")
    function = inspect.unwrap(called_by(handler))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise RegistrationError(f"{_name(handler)} is a generator: use `return`, not `yield`")


def _parameters(handler: Callable[..., Any]) -> list[inspect.Parameter]:
    namespace = getattr(inspect.unwrap(called_by(handler)), "__globals__", {})
    parameters = [_evaluated(each, namespace) for each in _signature(handler).parameters.values()]
    for parameter in parameters:
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise RegistrationError(
                f"{_name(handler)} takes {parameter}: a handler takes the task, or variables by their names"
            )
    return parameters


def _signature(handler: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(handler)
    except (ValueError, TypeError) as error:
        raise RegistrationError(f"{_name(handler)} does not show its parameters: wrap it in a def") from error


def _evaluated(parameter: inspect.Parameter, namespace: dict[str, Any]) -> inspect.Parameter:
    """Evaluate the texts in an annotation, also those inside: ``Optional["Order"]``.

    Each parameter by itself: the annotation of another one, or of what is returned, may name what is imported
    for type checkers only. Such an annotation stays as it is.
    """
    if parameter.annotation is parameter.empty:
        return parameter
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        hints = get_type_hints(holder, namespace, include_extras=True)
    except Exception:  # noqa: BLE001 - whatever its text does when it is evaluated
        return parameter
    return parameter.replace(annotation=hints[parameter.name])


def _takes_task(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    one_of = get_args(annotation) if get_origin(annotation) in {Union, UnionType, Annotated} else ()
    # A text remains where an annotation of the handler could not be evaluated.
    return parameter.name == "task" or annotation in (Task, "Task") or Task in one_of


def _refuse_missing(task: Task, required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in task.variables]
    if missing:
        raise MissingVariable(
            f"the handler of {task.topic!r} needs variables that are not set: {', '.join(missing)}"
        )


def _name(handler: Any) -> str:
    return getattr(handler, "__qualname__", None) or repr(handler)
