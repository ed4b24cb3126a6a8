"""What the source code of a handler says about the errors it raises and the variables it sets."""

import ast
import builtins
import dataclasses
import enum
import functools
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from external_tasks.engine.models import is_model
from external_tasks.errors import BusinessError
from external_tasks.handlers.outcomes import BpmnError, Complete, Failure

# By the place of the variables among the arguments.
_TAKES_VARIABLES = {BusinessError: 2, BpmnError: 2, Failure: 4}
_THIS_PACKAGE = __name__.partition(".")[0]
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True)
class SourceFacts:
    """What can be read in a handler's code, and in the functions of the same project that it calls.

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
    results, sets_others = _results(_Scope(function, tree))
    raises_others = False
    for scope in _reached(_Scope(function, tree)):
        for node in ast.walk(scope.tree):
            raised = _raised(node, scope)
            raises_others |= raised is None
            codes |= raised or set()
            also_set = _set_with_outcome(node, scope)
            sets_others |= also_set is None
            results |= also_set or set()
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


class _Scope:
    """The code of a function, and what the names in it stand for as far as that can be read.

    Args:
        function: whose code it is.
        tree: its code.
        bound: what parameters stand for, where that is known.
    """

    def __init__(
        self, function: FunctionType, tree: ast.AST, bound: "dict[str, list[Any] | None] | None" = None
    ) -> None:
        self.function = function
        self.tree = tree
        free = inspect.getclosurevars(function).nonlocals
        self._outer = {**vars(builtins), **function.__globals__, **free}
        self._local = {**_bindings(tree), **(bound or {})}
        self._open: set[str] = set()

    def value(self, node: ast.expr) -> Any:
        """Return what an expression stands for, or None if that is not known or one of several."""
        found = self.values(node)
        return found[0] if found is not None and len(found) == 1 else None

    def values(self, node: ast.expr) -> list[Any] | None:
        """Return what an expression of names and literals may stand for; None if that cannot be read."""
        if isinstance(node, ast.Constant):
            return [node.value]
        if isinstance(node, ast.IfExp):
            one, other = self.values(node.body), self.values(node.orelse)
            return None if one is None or other is None else [*one, *other]
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.Attribute):
            return _known([_member(base, node.attr) for base in self.values(node.value) or [None]])
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            base = self.value(node.value)
            return _known([base.get(node.slice.value)]) if type(base) is dict else None
        return None

    def _named(self, name: str) -> list[Any] | None:
        if name not in self._local:
            return [self._outer[name]] if name in self._outer else None
        bound = self._local[name]
        if bound is None or name in self._open:
            return None
        self._open.add(name)
        try:
            found: list[Any] = []
            for each in bound:
                values = self.values(each) if isinstance(each, ast.expr) else _known([each])
                if values is None:
                    return None
                found += values
            return found
        finally:
            self._open.discard(name)


def _bindings(tree: ast.AST) -> dict[str, list[Any] | None]:
    """Return what is bound to each name in a function's code; None where that is more than can be read."""
    body = list(ast.iter_child_nodes(tree))
    inside = [node for child in ast.iter_child_nodes(body[0]) for node in ast.walk(child)] if body else []
    bound: dict[str, list[Any] | None] = {}
    read: set[int] = set()
    for node in inside:
        for target, value in _assignments(node):
            read.add(id(target))
            bound.setdefault(target.id, [])
            bound[target.id] = [*(bound[target.id] or ()), value]
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                bound[name] = [*(bound.get(name) or ()), _imported(node, alias)]
    for node in inside:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and id(node) not in read:
            bound[node.id] = None
        elif isinstance(node, ast.arg):
            bound[node.arg] = None
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound[node.name or ""] = None
    return bound


def _assignments(node: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif (
        isinstance(node, ast.AnnAssign | ast.NamedExpr)
        and isinstance(node.target, ast.Name)
        and node.value is not None
    ):
        yield node.target, node.value


def _imported(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> Any:
    """Return what an import in a function gives, if its module is imported already; no module is run."""
    if isinstance(node, ast.Import):
        return sys.modules.get(alias.name if alias.asname else alias.name.partition(".")[0])
    module = sys.modules.get(node.module or "") if not node.level else None
    return getattr(module, alias.name, None)


def _known(values: list[Any]) -> list[Any] | None:
    return None if any(value is None for value in values) else values


def _reached(first: _Scope) -> Iterator[_Scope]:
    """Yield a function and those of its project that it calls by their names, each once."""
    package = first.function.__module__.partition(".")[0]
    todo, seen = [first], {first.function}
    while todo:
        scope = todo.pop()
        yield scope
        for call in (node for node in ast.walk(scope.tree) if isinstance(node, ast.Call)):
            for called in _functions(scope.value(call.func)):
                if called in seen or not _is_own(called, package):
                    continue
                seen.add(called)
                if (inner := _tree(called)) is not None:
                    todo.append(_Scope(called, inner))


def _functions(called: Any) -> list[FunctionType]:
    """Return the functions that a call runs."""
    if inspect.isclass(called):
        if issubclass(called, BusinessError):
            return []
        found = [inspect.getattr_static(called, name, None) for name in ("__init__", "__post_init__")]
    else:
        found = [getattr(called, "__func__", called)]
    return [each for each in found if isinstance(each, FunctionType)]


def _is_own(function: FunctionType, package: str) -> bool:
    """Whether a function belongs to the project of a handler's package, and not to what is installed."""
    name = function.__module__.partition(".")[0]
    return name == package or not (
        name == _THIS_PACKAGE or function.__code__.co_filename.startswith((*_LIBRARIES, "<"))
    )


def _member(base: Any, name: str) -> Any:
    if base is None:
        return None
    if isinstance(base, enum.Enum) and name in {"name", "value"}:
        return getattr(base, name)
    if isinstance(base, ModuleType | type):
        return getattr(base, name, None)
    # Of an object, without running properties of it.
    found = (
        inspect.getattr_static(type(base), name, None) or vars(base).get(name)
        if hasattr(base, "__dict__")
        else None
    )
    return found if isinstance(found, FunctionType) or not inspect.isdatadescriptor(found) else None


def _raised(node: ast.AST, scope: _Scope) -> set[str] | None:
    """Return the codes of the BPMN errors that a part of the code means; None where there may be others."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name | ast.Attribute):
        kind = scope.value(node.exc)
        is_error = inspect.isclass(kind) and issubclass(kind, BusinessError)
        return _codes_of(kind, [], []) if is_error else set()
    if not isinstance(node, ast.Call):
        return set()
    called = scope.value(node.func)
    if called is None:
        # What a method of an unknown object raises cannot be read.
        return None
    if not (inspect.isclass(called) and issubclass(called, BusinessError | BpmnError)):
        return set()
    named = [scope.values(each.value) for each in node.keywords if each.arg == "code"]
    return _codes_of(called, named, [scope.values(each) for each in node.args[:1]])


def _codes_of(kind: type, named: list[list[Any] | None], first: list[list[Any] | None]) -> set[str] | None:
    """Return the codes that making an error of a class may give it, by its arguments or by its class."""
    init = inspect.getattr_static(kind, "__init__", None)
    if kind in {BusinessError, BpmnError} or init is BusinessError.__init__:
        given = named or first
        return _code_texts(given[0]) if given else None
    tree = _tree(init) if isinstance(init, FunctionType) else None
    if tree is None or not isinstance(init, FunctionType) or not init.__code__.co_argcount:
        return None
    scope = _Scope(init, tree, {init.__code__.co_varnames[0]: [kind]})
    codes: set[str] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            by_name = [each.value for each in call.keywords if each.arg == "code"]
            given_code = by_name or call.args[:1]
            found = _code_texts(scope.values(given_code[0])) if given_code else None
            if found is None:
                return None
            codes |= found
    return codes or None


def _code_texts(values: list[Any] | None) -> set[str] | None:
    if not values or not all(isinstance(each, str) for each in values):
        return None
    # A member of an enum of texts is one, and is to be shown as its text.
    return {str.__str__(each) for each in values}


def _set_with_outcome(node: ast.AST, scope: _Scope) -> set[str] | None:
    """Return the names of variables that an error or a failure sets; None where they cannot be read."""
    called = scope.value(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(node, ast.Call) or not inspect.isclass(called) or called not in _TAKES_VARIABLES:
        return set()
    place = _TAKES_VARIABLES[called]
    given = [each.value for each in node.keywords if each.arg == "variables"] + node.args[place : place + 1]
    return _keys(given[0], scope) if given else set()


def _results(scope: _Scope) -> tuple[set[str], bool]:
    """Return the names in the dicts that a function returns, and whether it returns anything else."""
    results: set[str] = set()
    others = False
    for value in _returned(scope.tree):
        names = _keys(value, scope)
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


def _keys(value: ast.expr, scope: _Scope) -> set[str] | None:
    """Return the names of the variables that a returned value sets, or None where they cannot be read."""
    if isinstance(value, ast.Constant) and value.value is None:
        return set()
    if isinstance(value, ast.IfExp):
        one, other = _keys(value.body, scope), _keys(value.orelse, scope)
        return None if one is None or other is None else one | other
    if isinstance(value, ast.Dict):
        return _texts(None if key is None else scope.value(key) for key in value.keys)
    return _keys_of_call(value, scope) if isinstance(value, ast.Call) else None


def _keys_of_call(call: ast.Call, scope: _Scope) -> set[str] | None:
    called = scope.value(call.func)
    if called is BpmnError or called is Failure:
        # What it sets is read with the errors.
        return set()
    if is_model(called):
        return (
            {each.name for each in dataclasses.fields(called)} if dataclasses.is_dataclass(called) else None
        )
    if called is Complete:
        given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "variables")]
        return _keys(given[0], scope) if given else set()
    return _texts(each.arg for each in call.keywords) if called is dict and not call.args else None


def _texts(names: Iterable[Any]) -> set[str] | None:
    found = list(names)
    return set(found) if all(isinstance(name, str) for name in found) else None
