"""Reads variables as the dataclass or pydantic model that a handler's parameter is annotated with."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, InitVar, dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from external_tasks.engine.encoding import write_json
from external_tasks.engine.models import is_model, is_pydantic
from external_tasks.engine.values import File
from external_tasks.errors import PermanentError, VariableError

MOST_NAMED = 5
"""So many fields that do not fit are named; what is wrong with the others shows when these are right."""


class AllVariables:
    """Marks a parameter that takes all variables of a task as one object.

    ``order: Annotated[Order, AllVariables]`` gets an ``Order`` whose fields are process variables.
    """


@dataclass(frozen=True)
class Payload:
    """How one parameter is read.

    Args:
        kind: its annotation.
        names: the variables that it takes as one object; None for all there are. Empty if it takes the one
            of its own name.
        takes_all: it takes several variables as one object.
        read: makes the object.
    """

    kind: Any
    read: Callable[[Any], Any]
    takes_all: bool = False
    names: tuple[str, ...] | None = ()

    def from_variable(self, name: str, value: Any) -> Any:
        """Read one variable.

        Raises:
            PermanentError: it has another form; the message names the fields, and holds no value.
        """
        return self._read(f"variable {name!r} is no {name_of(self.kind)}", value)

    def from_variables(self, variables: Mapping[str, Any]) -> Any:
        """Read several variables as one object.

        Raises:
            PermanentError: they have another form; the message names them, and holds no value.
        """
        names = list(variables) if self.names is None else [name for name in self.names if name in variables]
        return self._read(
            f"the variables are no {name_of(self.kind)}", {name: variables[name] for name in names}
        )

    def _read(self, what: str, value: Any) -> Any:
        try:
            return self.read(value)
        except _Mismatch as error:
            shown = [f"{place}: {reason}" if place else reason for place, reason in error.fields[:MOST_NAMED]]
            more = len(error.fields) - MOST_NAMED
            raise PermanentError(
                f"{what}: {'; '.join(shown)}{f'; and {more} more' if more > 0 else ''}"
            ) from None
        except RecursionError:
            raise PermanentError(f"{what}: it is nested too deeply") from None


def payload(annotation: Any) -> Payload | None:
    """Find out how a parameter is to be read; None if it takes its variable as it is.

    Raises:
        TypeError: it can be read in no way; the message says why.
    """
    annotation = _plain(annotation)
    kind, takes_all = annotation, _is_marked(annotation)
    if get_origin(annotation) is Annotated:
        kind = _plain(get_args(annotation)[0])
    if takes_all and not is_model(kind):
        raise TypeError(f"AllVariables marks a dataclass or a pydantic model, not {name_of(kind)}")
    if any(map(_holds_mark, get_args(kind))):
        raise TypeError("AllVariables marks a parameter as a whole: Annotated[…, AllVariables]")
    if not _holds(annotation, is_model):
        return None
    read = _reader(kind if takes_all else annotation)
    return Payload(kind, read, takes_all, _names(kind) if takes_all else ())


def name_of(kind: Any) -> str:
    """Name a type for people, without the modules that it is from."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return name_of(parts[0])
    if origin in {Union, UnionType}:
        return " | ".join(map(name_of, parts))
    if kind is NoneType:
        return "None"
    name = getattr(origin or kind, "__name__", None) or str(kind)
    return f"{name}[{', '.join(map(name_of, parts))}]" if parts else name


class _Mismatch(Exception):  # noqa: N818 - it never leaves this module
    """What fits not: pairs of a place and a reason, neither of which holds a value."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("mismatch")
        self.fields = fields


def _plain(kind: Any) -> Any:
    """Return what a `NewType` or an alias (``type Name = …``) stands for."""
    while isinstance(kind, NewType) or type(kind).__name__ == "TypeAliasType":
        kind = kind.__supertype__ if isinstance(kind, NewType) else kind.__value__
    return kind


def _is_marked(annotation: Any) -> bool:
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return any(mark is AllVariables or isinstance(mark, AllVariables) for mark in marks)


def _holds_mark(annotation: Any) -> bool:
    return _is_marked(annotation) or any(map(_holds_mark, get_args(annotation)))


def _holds(annotation: Any, is_one: Callable[[Any], bool]) -> bool:
    """Whether an annotation is a type that passes the test, or holds one at any depth."""
    annotation = _plain(annotation)
    # The origin of ``Page[int]`` is a dataclass, too.
    here = is_one(annotation) or is_one(get_origin(annotation))
    return here or any(_holds(part, is_one) for part in get_args(annotation))


def _reader(annotation: Any) -> Callable[[Any], Any]:
    if _holds(annotation, is_pydantic):
        return _pydantic_reader(annotation)
    _check_readable(annotation, ())
    return lambda value: _read(annotation, value, "")


def _pydantic_reader(annotation: Any) -> Callable[[Any], Any]:
    # Imported only by those who have a model of it.
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        # Else names that are defined nowhere would be noticed by each task.
        adapter.rebuild(raise_errors=True)
    except Exception as error:
        raise TypeError(
            f"pydantic cannot read {name_of(annotation)} ({type(error).__name__}): "
            "define what its annotations name before the handler, and use types that pydantic knows"
        ) from error

    def read(value: Any) -> Any:
        try:
            text = write_json(value)
        except VariableError:
            text = None
        try:
            # In JSON's form a strict model takes the texts of dates, UUID and Decimal, too.
            return adapter.validate_python(value) if text is None else adapter.validate_json(text)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise _Mismatch(
                [(".".join(str(part) for part in each["loc"]), _reason(each)) for each in found]
            ) from None
        except Exception as error:  # noqa: BLE001 - the model's own checks; their text may hold the value
            return _refuse("", f"refused by {name_of(annotation)} ({type(error).__name__})")

    return read


def _reason(error: Mapping[str, Any]) -> str:
    # pydantic's own texts name a rule. Those of a model's own checks may hold the value.
    return str(error["msg"]) if error["type"] in _SAFE_ERRORS else f"refused by the model ({error['type']})"


def _names(kind: Any) -> tuple[str, ...] | None:
    """Return the names of the variables that a model's fields are read from; None for all there are."""
    if not is_pydantic(kind):
        return tuple(_inputs(kind))
    config = getattr(kind, "model_config", None) or getattr(kind, "__pydantic_config__", None) or {}
    if config.get("extra") == "allow" or getattr(kind, "__pydantic_root_model__", False):
        return None
    names: list[str] = []
    for name, field in kind.__pydantic_fields__.items():
        alias = field.validation_alias or field.alias
        if alias is not None and not isinstance(alias, str):
            return None
        names += [name] if alias is None else [alias, name]
    return tuple(dict.fromkeys(names))


_SAFE_WORDS = """missing extra_forbidden model_type model_attributes_type dataclass_type json_invalid
    none_required string_type string_too_short string_too_long string_pattern_mismatch
    int_type int_parsing int_parsing_size int_from_float float_type float_parsing finite_number
    bool_type bool_parsing greater_than greater_than_equal less_than less_than_equal multiple_of
    list_type tuple_type set_type frozen_set_type dict_type too_short too_long
    date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact date_past date_future
    datetime_type datetime_parsing datetime_from_date_parsing datetime_past datetime_future timezone_aware
    timezone_naive time_type time_parsing time_delta_type time_delta_parsing
    uuid_type uuid_parsing uuid_version decimal_type decimal_parsing decimal_max_digits decimal_max_places
    decimal_whole_digits enum literal_error bytes_type url_type url_parsing url_scheme
    union_tag_not_found"""

_SAFE_ERRORS = frozenset(_SAFE_WORDS.split())
"""Kinds of pydantic's errors whose texts hold the rule, and nothing of the value."""

_SCALARS = (str, int, float, bool, NoneType, datetime, date, time, UUID, Decimal, bytes, File)


def _check_readable(kind: Any, around: tuple[Any, ...]) -> None:
    """Refuse an annotation of a dataclass' field that the reader below does not know.

    Raises:
        TypeError: there is one.
    """
    kind = _plain(kind)
    if kind is Any or kind in (*_SCALARS, *around) or (isinstance(kind, type) and issubclass(kind, Enum)):
        return
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        _check_readable(parts[0], around)
    elif origin in {Union, UnionType, list, tuple, dict, Mapping} or origin is Literal:
        for part in () if origin is Literal else parts:
            if part is not ...:
                _check_readable(part, around)
    elif is_model(kind) and not is_pydantic(kind):
        for name, hint in _hints(kind).items():
            try:
                _check_readable(hint, (*around, kind))
            except TypeError as error:
                raise TypeError(f"field {name!r} of {name_of(kind)}: {error}") from error
    elif not (kind in {list, dict, tuple} or is_pydantic(kind)):
        raise TypeError(
            f"{name_of(kind)} cannot be read from a variable: use a dataclass, list, dict, Enum, datetime, "
            "UUID, Decimal or a simple type, or a pydantic model"
        )


@functools.lru_cache(maxsize=1000)
def _hints(kind: Any) -> Mapping[str, Any]:
    """Return the annotations of what a dataclass is made with: its fields, and its parameters (`InitVar`)."""
    try:
        hints = get_type_hints(kind, include_extras=True)
    except Exception as error:
        raise TypeError(f"the annotations of {name_of(kind)} cannot be evaluated ({error})") from error
    made_with = {field.name for field in fields(kind) if field.init}
    return {
        name: hint.type if isinstance(hint, InitVar) else hint
        for name, hint in hints.items()
        if name in made_with or isinstance(hint, InitVar)
    }


@functools.lru_cache(maxsize=1000)
def _inputs(kind: Any) -> Mapping[str, "Field[Any]"]:
    """Return what a dataclass is made with, in its order."""
    hints = _hints(kind)
    return {name: each for name, each in kind.__dataclass_fields__.items() if name in hints}


def _read(kind: Any, value: Any, place: str) -> Any:  # noqa: PLR0911 - one for each kind
    kind = _plain(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _read(parts[0], value, place)
    if origin in {Union, UnionType}:
        return _read_union(parts, value, place)
    if origin is Literal:
        return _read_literal(parts, value, place)
    if origin in {list, tuple} or kind in {list, tuple}:
        return _read_list(origin or kind, parts, value, place)
    if origin in {dict, Mapping} or kind is dict:
        if not isinstance(value, Mapping):
            return _refuse(place, f"an object is needed, not {_kind(value)}")
        inner = parts[1] if parts else Any
        return {key: _read(inner, part, _at(place, key)) for key, part in value.items()}
    if is_pydantic(kind):
        return _read_inner_pydantic(kind, value, place)
    if is_model(kind):
        return _read_dataclass(kind, value, place)
    return _read_scalar(kind, value, place)


def _read_literal(parts: tuple[Any, ...], value: Any, place: str) -> Any:
    # By type too: for Python, True and 1.0 are equal to 1.
    for part in parts:
        wanted = part.value if isinstance(part, Enum) else part
        if type(value) is type(wanted) and value == wanted:
            return part
    words = (part.value if isinstance(part, Enum) else part for part in parts)
    return _refuse(place, f"must be {' or '.join(map(repr, words))}")


def _read_union(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    # An int fits float too: what is exactly of a kind comes first.
    ordered = sorted(kinds, key=lambda kind: type(value) is not kind)
    refusals: list[_Mismatch] = []
    for kind in ordered:
        try:
            return _read(kind, value, place)
        except _Mismatch as error:
            refusals.append(error)
    models = [error for kind, error in zip(ordered, refusals, strict=True) if kind is not NoneType]
    raise models[0] if len(models) == 1 else _Mismatch([(place, f"none of {', '.join(map(name_of, kinds))}")])


def _read_list(origin: Any, parts: tuple[Any, ...], value: Any, place: str) -> Any:
    if not isinstance(value, list | tuple):
        return _refuse(place, f"a list is needed, not {_kind(value)}")
    if origin is tuple and parts and parts[-1] is not ...:
        if len(parts) != len(value):
            return _refuse(place, f"a list of {len(parts)} is needed, not of {len(value)}")
        pairs = zip(parts, value, strict=True)
        return tuple(_read(kind, part, _at(place, number)) for number, (kind, part) in enumerate(pairs))
    inner = parts[0] if parts else Any
    return origin(_read(inner, part, _at(place, number)) for number, part in enumerate(value))


def _read_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(place, f"an object is needed, not {_kind(value)}")
    hints, wrong, read = _hints(kind), list[tuple[str, str]](), dict[str, Any]()
    for name, field in _inputs(kind).items():
        if name in value:
            try:
                read[name] = _read(hints[name], value[name], _at(place, name))
            except _Mismatch as error:
                wrong += error.fields
        elif field.default is MISSING and field.default_factory is MISSING:
            wrong.append((_at(place, name), "is missing"))
    if wrong:
        raise _Mismatch(wrong)
    try:
        return kind(**read)
    except Exception as error:  # noqa: BLE001 - the class' own checks; their text may hold the value
        return _refuse(place, f"refused by {name_of(kind)} ({type(error).__name__})")


def _read_inner_pydantic(kind: Any, value: Any, place: str) -> Any:
    try:
        return _pydantic_reader(kind)(value)
    except _Mismatch as error:
        raise _Mismatch([(_at(place, inner), reason) for inner, reason in error.fields]) from None


def _read_scalar(kind: Any, value: Any, place: str) -> Any:  # noqa: PLR0911 - one for each kind
    if kind is Any:
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except Exception:  # noqa: BLE001 - its own `_missing_` may raise anything
            return _refuse(place, f"must be {' or '.join(repr(member.value) for member in kind)}")
    if kind in _FROM_TEXT and isinstance(value, str):
        try:
            return _FROM_TEXT[kind](value)
        except (ValueError, InvalidOperation):
            return _refuse(place, f"the text of a {name_of(kind)} is needed")
    if kind is Decimal and type(value) in {int, float}:
        return Decimal(str(value))
    if kind is float and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return _refuse(place, "a number that fits a float is needed")
    if type(value) is kind or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    return _refuse(place, f"{_WORDS.get(kind, name_of(kind))} is needed, not {_kind(value)}")


def _refuse(place: str, reason: str) -> Any:
    raise _Mismatch([(place, reason)])


def _at(place: str, part: Any) -> str:
    return f"{place}.{part}" if place and part != "" else f"{place}{part}"


def _kind(value: Any) -> str:
    return _WORDS.get(type(value), type(value).__name__)


_FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    UUID: UUID,
    Decimal: Decimal,
}

_WORDS: Mapping[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    NoneType: "null",
    list: "a list",
    dict: "an object",
}
