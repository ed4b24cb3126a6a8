"""What the source code of a handler says about the errors it raises and the variables it sets."""

import ast
import builtins
import dataclasses
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from external_tasks.engine.models import is_model
from external_tasks.errors import BusinessError
from external_tasks.handlers.outcomes import BpmnError, Complete

_CODE_TAKERS = (BusinessError, BpmnError)


@dataclass(frozen=True)
class SourceFacts:
    """What can be read in a handler's code, and in the functions of the same package that it calls.

    Args:
        codes: of the BPMN errors that it raises or returns.
        raises_others: the code of another one is known when it runs only.
        results: names of the variables that it sets.
        sets_others: it may set more, whose names are known when it runs only.
    """

    codes: frozenset[str]
    raises_others: bool
    results: frozenset[str]
    sets_others: bool


def read(handler: Callable[..., Any]) -> SourceFacts:
    """Read a handler's code; what has no code to be read may raise and set anything."""
    function = _function(handler)
    if function is None or (tree := _tree(function)) is None:
        return SourceFacts(frozenset(), True, frozenset(), True)
    codes: set[str] = set()
    raises_others = False
    for reached, body in _reached(function, tree):
        for call in (node for node in ast.walk(body) if isinstance(node, ast.Call)):
            called = _value(call.func, reached)
            # What a method of an unknown object raises cannot be read.
            raises_others |= called is None
            if not (inspect.isclass(called) and issubclass(called, _CODE_TAKERS)):
                continue
            code = _code(call, reached) if called in _CODE_TAKERS else None
            raises_others |= code is None
            codes |= {code} if code is not None else set()
    results, sets_others = _results(function, tree)
    return SourceFacts(frozenset(codes), raises_others, frozenset(results), sets_others)


def _function(handler: Any) -> FunctionType | None:
    while isinstance(handler, functools.partial):
        handler = handler.func
    handler = inspect.unwrap(handler)
    if not inspect.isroutine(handler):
        handler = type(handler).__call__
    handler = getattr(handler, "__func__", handler)
    return handler if isinstance(handler, FunctionType) else None


def _tree(function: FunctionType) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None


def _reached(function: FunctionType, tree: ast.AST) -> Iterator[tuple[FunctionType, ast.AST]]:
    """Yield the function and those of its package that it calls by their names, each once."""
    package = function.__module__.partition(".")[0]
    todo, seen = [(function, tree)], {function}
    while todo:
        current, body = todo.pop()
        yield current, body
        for call in (node for node in ast.walk(body) if isinstance(node, ast.Call)):
            called = getattr(_value(call.func, current), "__func__", None) or _value(call.func, current)
            if not isinstance(called, FunctionType) or called in seen:
                continue
            seen.add(called)
            if called.__module__.partition(".")[0] == package and (inner := _tree(called)) is not None:
                todo.append((called, inner))


def _value(node: ast.expr, function: FunctionType) -> Any:
    """Return what an expression of names and literals stands for, or None."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _names(function).get(node.id)
    if isinstance(node, ast.Attribute):
        return _member(_value(node.value, function), node.attr)
    return None


def _member(base: Any, name: str) -> Any:
    if base is None:
        return None
    if isinstance(base, ModuleType | type):
        return getattr(base, name, None)
    # Of an object, without running properties of it.
    found = (
        inspect.getattr_static(type(base), name, None) or vars(base).get(name)
        if hasattr(base, "__dict__")
        else None
    )
    return found if isinstance(found, FunctionType) or not inspect.isdatadescriptor(found) else None


def _names(function: FunctionType) -> Mapping[str, Any]:
    free = inspect.getclosurevars(function)
    return {**vars(builtins), **function.__globals__, **free.nonlocals}


def _code(call: ast.Call, function: FunctionType) -> str | None:
    named = [each.value for each in call.keywords if each.arg == "code"]
    given = named or call.args[:1]
    code = _value(given[0], function) if given else None
    return code if isinstance(code, str) else None


def _results(function: FunctionType, tree: ast.AST) -> tuple[set[str], bool]:
    """Return the names in the dicts that a function returns, and whether it returns anything else."""
    results: set[str] = set()
    others = False
    for value in _returned(tree):
        names = _keys(value, function)
        others |= names is None
        results |= names or set()
    return results, others


def _returned(tree: ast.AST) -> Iterator[ast.expr]:
    body = list(ast.iter_child_nodes(tree))
    outer = body[0] if body else tree
    todo = list(ast.iter_child_nodes(outer))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)


def _keys(value: ast.expr, function: FunctionType) -> set[str] | None:
    """Return the names of the variables that a returned value sets, or None where they cannot be read."""
    if isinstance(value, ast.Constant) and value.value is None:
        return set()
    if isinstance(value, ast.IfExp):
        one, other = _keys(value.body, function), _keys(value.orelse, function)
        return None if one is None or other is None else one | other
    if isinstance(value, ast.Dict):
        return _texts(None if key is None else _value(key, function) for key in value.keys)
    return _keys_of_call(value, function) if isinstance(value, ast.Call) else None


def _keys_of_call(call: ast.Call, function: FunctionType) -> set[str] | None:
    called = _value(call.func, function)
    if called is BpmnError:
        return set()
    if is_model(called):
        return (
            {each.name for each in dataclasses.fields(called)} if dataclasses.is_dataclass(called) else None
        )
    if called is Complete:
        given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "variables")]
        return _keys(given[0], function) if given else set()
    return _texts(each.arg for each in call.keywords) if called is dict and not call.args else None


def _texts(names: Iterable[Any]) -> set[str] | None:
    found = list(names)
    return set(found) if all(isinstance(name, str) for name in found) else None
