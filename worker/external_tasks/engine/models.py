"""Dataclasses and pydantic's models as values: which they are, and their form in JSON.

pydantic is optional: nothing here imports it, and what it has made is known by its attributes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, time
from typing import Any

from external_tasks.engine.values import File, Typed


def is_pydantic(kind: Any) -> bool:
    """Whether a class is one of pydantic's: a model, or a dataclass that it checks."""
    return isinstance(kind, type) and hasattr(kind, "__pydantic_validator__")


def is_model(kind: Any) -> bool:
    """Whether a class is a dataclass or one of pydantic's models, and none of the engine's own values."""
    return isinstance(kind, type) and kind not in {File, Typed} and (is_dataclass(kind) or is_pydantic(kind))


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass' or a model's object by the names that JSON has; None for others."""
    kind = type(value)
    if hasattr(kind, "model_dump") and is_pydantic(kind):
        # pydantic writes moments its own way, and everything else as we do or as the model says.
        written = value.model_dump(mode="json", by_alias=True)
        return dict(_with_moments(value.model_dump(mode="python", by_alias=True), written))
    if is_model(kind):
        return {field.name: getattr(value, field.name) for field in fields(kind)}
    return None


def _with_moments(value: Any, written: Any) -> Any:
    if isinstance(value, date | time):
        return value if isinstance(written, str) else written
    if isinstance(value, Mapping) and isinstance(written, Mapping) and len(value) == len(written):
        pairs = zip(value.values(), written.items(), strict=True)
        return {key: _with_moments(inner, outer) for inner, (key, outer) in pairs}
    if isinstance(value, Sequence) and isinstance(written, list) and len(value) == len(written):
        return [_with_moments(inner, outer) for inner, outer in zip(value, written, strict=True)]
    return written
