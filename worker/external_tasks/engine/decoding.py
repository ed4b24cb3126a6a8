"""The engine's typed JSON to Python values; the table stands in `variables`."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from external_tasks.engine.values import File, TypedJson
from external_tasks.errors import VariableError


def decode(variables: Mapping[str, TypedJson]) -> dict[str, Any]:
    """Read the engine's typed JSON as Python values.

    Raises:
        VariableError: a value is not what its type promises; the message names the variable.
    """
    return {name: decode_variable(name, variable) for name, variable in variables.items()}


def decode_variable(name: str, variable: TypedJson) -> Any:
    """Read one variable.

    Raises:
        VariableError: the value is not what its type promises; the message names the variable and never holds
            the value.
    """
    kind, value = variable.get("type") or "Null", variable.get("value")
    decoder = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decoder is None or (value is None and kind != "File"):
        return value
    try:
        return decoder(value, variable.get("valueInfo") or {})
    except Exception as error:
        raise VariableError(f"variable {name!r} cannot be read as {kind} ({type(error).__name__})") from error


def _read_object(value: Any, info: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and info.get("serializationDataFormat") == "application/json":
        return json.loads(value)
    return value


def _read_file(_: Any, info: Mapping[str, Any]) -> File:
    kind = info.get("mimeType") or "application/octet-stream"
    return File(info.get("filename") or "", None, kind, info.get("encoding"))


_DECODERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Date": lambda value, _: datetime.fromisoformat(value),
    "Double": lambda value, _: float(value),
    "Json": lambda value, _: json.loads(value),
    "Object": _read_object,
    "Bytes": lambda value, _: b64decode(value, validate=True),
    "File": _read_file,
}
