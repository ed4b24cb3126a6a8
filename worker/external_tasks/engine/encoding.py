"""Python values to the engine's typed JSON; the table stands in `variables`."""

import json
import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from external_tasks.checks import is_encodable
from external_tasks.engine.models import fields_of
from external_tasks.engine.values import STRING_LIMIT, File, Typed, TypedJson
from external_tasks.errors import VariableError

_MINUTE = timedelta(minutes=1)


def encode(variables: Mapping[str, Any]) -> dict[str, TypedJson]:
    """Write Python values as the engine's typed JSON.

    Raises:
        VariableError: a value has no form as a process variable; the message names the variable and never
            holds the value.
    """
    try:
        items = list(variables.items())
    except (Exception, SystemExit, GeneratorExit) as error:
        raise VariableError(f"the variables cannot be read: {type(error).__name__}") from error
    return {name: _encode_named(name, value) for name, value in items}


def _encode_named(name: str, value: Any) -> TypedJson:
    if not isinstance(name, str) or not name:
        raise VariableError(f"a variable's name must be a text that is not empty, not {type(name).__name__}")
    try:
        _without_nul(_storable(name), "a name")
        return _encode(value)
    except VariableError as error:
        raise VariableError(f"variable {name!r}: {error}") from error
    except (Exception, SystemExit, GeneratorExit) as error:
        # Not with the text of an error that is not ours: it may hold the value.
        raise VariableError(
            f"variable {name!r}: {type(value).__name__} cannot be written as a process variable "
            f"({type(error).__name__})"
        ) from error


def _encode(value: Any) -> TypedJson:
    encoder = _ENCODERS.get(type(value)) or _encoder_by_base(value)
    return encoder(value)


def _encoder_by_base(value: Any) -> Callable[[Any], TypedJson]:
    for base, encoder in _ENCODERS.items():
        if isinstance(value, base):
            return encoder
    if fields_of(value) is not None:
        return lambda value: _json(fields_of(value))
    raise VariableError(
        f"{type(value).__name__} has no form as a process variable: "
        "convert it to str, int, float, bool, datetime, dict, list, bytes or a dataclass, or wrap it in Typed"
    )


def _string(value: str) -> TypedJson:
    if (size := _utf16_units(value)) > STRING_LIMIT:
        raise VariableError(
            f"a String holds up to {STRING_LIMIT} characters, an emoji counts twice, and this has {size}: "
            "store it as bytes, in a dict, or keep it in a service of yours"
        )
    return {"value": _storable(_without_nul(value, "a String")), "type": "String"}


def _utf16_units(value: str) -> int:
    # Java and H2 count so; PostgreSQL counts characters and would hold some texts more.
    return (
        len(value) + sum(character > "\uffff" for character in value) if len(value) * 2 > STRING_LIMIT else 0
    )


def _integer(value: int) -> TypedJson:
    if -(2**31) <= value < 2**31:
        return {"value": int(value), "type": "Integer"}
    if -(2**63) <= value < 2**63:
        return {"value": int(value), "type": "Long"}
    raise VariableError("an int beyond 64 bits does not fit a Long: store it as str")


def _double(value: float) -> TypedJson:
    if not math.isfinite(value):
        raise VariableError("a float that is infinite or not a number has no form in JSON: use str or None")
    return {"value": float(value), "type": "Double"}


def _datetime(value: datetime) -> TypedJson:
    if _offset(value) % _MINUTE:
        # Local mean times, as before 1893 in Berlin, have seconds; the engine's form has none.
        value = value.astimezone(UTC)
    milliseconds = value.isoformat(timespec="milliseconds")
    return {"value": milliseconds[:23] + value.strftime("%z")[:5], "type": "Date"}


def _offset(value: datetime) -> timedelta:
    offset = value.utcoffset()
    if offset is None:
        raise VariableError("a datetime needs a time zone, e.g. datetime.now(UTC)")
    return offset


def _json(value: Any) -> TypedJson:
    return {"value": _storable(write_json(value)), "type": "Json"}


def write_json(value: Any) -> str:
    """Write a value in the form that it has in a Json variable.

    Raises:
        VariableError: it has none.
    """
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_inside_json
        )
    except RecursionError:
        raise VariableError("it is nested too deeply") from None
    except TypeError:
        raise VariableError("the keys of a dict must be texts, numbers, True, False or None") from None
    except ValueError:
        raise VariableError(
            "it contains itself, or a float that is infinite or not a number: use str or None for that"
        ) from None


def _inside_json(value: Any) -> Any:
    """Write what JSON has no form for; JSON itself asks for it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        _offset(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if (fields := fields_of(value)) is not None:
        return fields
    raise VariableError(
        f"{type(value).__name__} has no form inside a dict or list: convert it to str, int, float or dict"
    )


def _without_nul(text: str, what: str) -> str:
    if "\x00" in text:
        raise VariableError(f"{what} cannot hold the character NUL")
    return text


def _storable(text: str) -> str:
    if not is_encodable(text):
        raise VariableError("it holds half a surrogate pair, which no database stores")
    return text


def _file(value: File) -> TypedJson:
    if value.content is None:
        raise VariableError("a File is sent with its content")
    return {
        "value": b64encode(value.content).decode("ascii"),
        "type": "File",
        "valueInfo": {"filename": _storable(value.name), "mimeType": value.mime_type}
        | ({"encoding": value.encoding} if value.encoding else {}),
    }


def _typed(value: Typed) -> TypedJson:
    content = value.value if isinstance(value.value, str) else _encode(value.value)["value"]
    if isinstance(content, str):
        # The engine takes the names of types with a small first letter too.
        content = _string(content)["value"] if value.type.casefold() == "string" else _storable(content)
    encoded: TypedJson = {"value": content, "type": value.type}
    if value.value_info:
        encoded["valueInfo"] = json.loads(_storable(write_json(dict(value.value_info))))
    return encoded


# Order matters for subclasses: bool before int, datetime before date, Enum before what it may inherit.
_ENCODERS: dict[type, Callable[[Any], TypedJson]] = {
    Enum: lambda value: _encode(value.value),
    str: _string,
    bool: lambda value: {"value": value, "type": "Boolean"},
    int: _integer,
    float: _double,
    type(None): lambda _: {"value": None, "type": "Null"},
    datetime: _datetime,
    date: lambda value: _string(value.isoformat()),
    time: lambda value: _string(value.isoformat()),
    UUID: lambda value: _string(str(value)),
    Decimal: lambda value: _string(str(value)),
    dict: _json,
    list: _json,
    tuple: _json,
    bytes: lambda value: {"value": b64encode(value).decode("ascii"), "type": "Bytes"},
    File: _file,
    Typed: _typed,
    Mapping: lambda value: _json(dict(value)),
}
