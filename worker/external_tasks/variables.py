"""Process variables: Python values to the engine's typed JSON and back.

| Python            | engine            | back                                     |
| ----------------- | ----------------- | ---------------------------------------- |
| str, UUID, date   | String            | str                                      |
| bool              | Boolean           | bool                                     |
| int               | Integer or Long   | int                                      |
| float             | Double            | float                                    |
| datetime (aware)  | Date              | datetime, milliseconds, with its offset  |
| dict, list, tuple | Json              | dict, list                               |
| None              | Null              | None                                     |
| bytes             | Bytes             | bytes                                    |
| File              | File              | File without content, see `Task.read_file` |
| Typed             | the type it names | by the rules above                       |

An Object that is serialized as JSON comes back as dict or list, any other Object and Xml as its text.
"""

import json
import math
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

from external_tasks.errors import VariableError

STRING_LIMIT = 4000
"""Characters that the engine's database column for a String holds."""

TypedJson = dict[str, Any]
"""``{"value": …, "type": …, "valueInfo": …}``, one variable as the REST API writes it."""


@dataclass(frozen=True)
class File:
    """A file variable; `content` is None in one that was fetched, as the engine sends only its name."""

    name: str
    content: bytes | None = field(default=None, repr=False)
    mime_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Typed:
    """A value whose engine type is forced, e.g. ``Typed(7, "Long")`` or ``Typed("<a/>", "Xml")``."""

    value: Any
    type: str
    value_info: Mapping[str, Any] | None = None


def encode(variables: Mapping[str, Any]) -> dict[str, TypedJson]:
    """Write Python values as the engine's typed JSON.

    Raises:
        VariableError: a value has no form as a process variable; the message names the variable.
    """
    return {name: _encode_named(name, value) for name, value in variables.items()}


def decode(variables: Mapping[str, TypedJson]) -> dict[str, Any]:
    """Read the engine's typed JSON as Python values.

    Raises:
        VariableError: a value is not what its type promises; the message names the variable.
    """
    return {name: _decode_named(name, variable) for name, variable in variables.items()}


def _encode_named(name: str, value: Any) -> TypedJson:
    if not isinstance(name, str) or not name:
        raise VariableError(f"a variable's name must be a text that is not empty, not {name!r}")
    try:
        return _encode(value)
    except (VariableError, TypeError, ValueError, RecursionError) as error:
        raise VariableError(f"variable {name!r}: {error}") from error


def _encode(value: Any) -> TypedJson:
    encoder = _ENCODERS.get(type(value)) or _encoder_by_base(value)
    return encoder(value)


def _encoder_by_base(value: Any) -> Callable[[Any], TypedJson]:
    for base, encoder in _ENCODERS.items():
        if isinstance(value, base):
            return encoder
    raise VariableError(
        f"{type(value).__name__} has no form as a process variable: "
        "convert it to str, int, float, bool, datetime, dict, list or bytes, or wrap it in Typed"
    )


def _string(value: str) -> TypedJson:
    if len(value) > STRING_LIMIT:
        raise VariableError(
            f"a String holds up to {STRING_LIMIT} characters and this one has {len(value)}: "
            "store it as bytes, in a dict, or keep it in a service of yours"
        )
    if "\x00" in value:
        raise VariableError("a String cannot hold the character NUL")
    return {"value": _storable(value), "type": "String"}


def _integer(value: int) -> TypedJson:
    if -(2**31) <= value < 2**31:
        return {"value": int(value), "type": "Integer"}
    if -(2**63) <= value < 2**63:
        return {"value": int(value), "type": "Long"}
    raise VariableError("an int beyond 64 bits does not fit a Long: store it as str")


def _double(value: float) -> TypedJson:
    if not math.isfinite(value):
        raise VariableError(f"{value} has no form in JSON: store it as str or None")
    return {"value": float(value), "type": "Double"}


def _datetime(value: datetime) -> TypedJson:
    if value.tzinfo is None:
        raise VariableError("a datetime needs a time zone, e.g. datetime.now(UTC)")
    milliseconds = value.isoformat(timespec="milliseconds")
    offset = value.strftime("%z")[:5]
    return {"value": milliseconds[:23] + offset, "type": "Date"}


def _json(value: Any) -> TypedJson:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return {"value": _storable(text), "type": "Json"}


def _storable(text: str) -> str:
    text.encode()  # raises for half a surrogate pair, which no database takes
    return text


def _file(value: File) -> TypedJson:
    if value.content is None:
        raise VariableError("a File is sent with its content")
    return {
        "value": b64encode(value.content).decode("ascii"),
        "type": "File",
        "valueInfo": {"filename": value.name, "mimeType": value.mime_type},
    }


def _typed(value: Typed) -> TypedJson:
    content = value.value if isinstance(value.value, str) else _encode(value.value)["value"]
    encoded: TypedJson = {"value": content, "type": value.type}
    if value.value_info:
        encoded["valueInfo"] = dict(value.value_info)
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
    dict: _json,
    list: _json,
    tuple: _json,
    bytes: lambda value: {"value": b64encode(value).decode("ascii"), "type": "Bytes"},
    File: _file,
    Typed: _typed,
    Mapping: lambda value: _json(dict(value)),
}


def _decode_named(name: str, variable: TypedJson) -> Any:
    kind, value = variable.get("type") or "Null", variable.get("value")
    decoder = _DECODERS.get(kind)
    if decoder is None or (value is None and kind != "File"):
        return value
    try:
        return decoder(value, variable.get("valueInfo") or {})
    except (ValueError, TypeError, Base64Error) as error:
        raise VariableError(f"variable {name!r} is no valid {kind}: {error}") from error


def _read_object(value: Any, info: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and info.get("serializationDataFormat") == "application/json":
        return json.loads(value)
    return value


def _read_file(_: Any, info: Mapping[str, Any]) -> File:
    return File(info.get("filename") or "", None, info.get("mimeType") or "application/octet-stream")


_DECODERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Date": lambda value, _: datetime.fromisoformat(value),
    "Double": lambda value, _: float(value),
    "Json": lambda value, _: json.loads(value),
    "Object": _read_object,
    "Bytes": lambda value, _: b64decode(value, validate=True),
    "File": _read_file,
}
