"""The values that Python has no type of its own for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from external_tasks import checks

STRING_LIMIT = 4000
"""What the engine's database column for a String holds, in UTF-16 units: most emoji count twice."""

TypedJson = dict[str, Any]
"""``{"value": …, "type": …, "valueInfo": …}``, one variable as the REST API writes it."""


@dataclass(frozen=True)
class File:
    """A file variable; `content` is None in one that was fetched, as the engine sends only its name.

    Raises:
        ValueError: an argument has another type.
    """

    name: str
    content: bytes | None = field(default=None, repr=False)
    mime_type: str = "application/octet-stream"
    encoding: str | None = None

    def __post_init__(self) -> None:
        checks.text("name", self.name, may_be_empty=True)
        checks.text("mime_type", self.mime_type)
        if self.content is not None and not isinstance(self.content, bytes):
            raise ValueError(f"content must be bytes, not {type(self.content).__name__}")
        if self.encoding is not None:
            checks.text("encoding", self.encoding)


@dataclass(frozen=True)
class Typed:
    """A value whose engine type is forced, e.g. ``Typed(7, "Long")`` or ``Typed("<a/>", "Xml")``.

    Raises:
        ValueError: the type is no text, or `value_info` no mapping.
    """

    value: Any = field(repr=False)
    type: str
    value_info: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        checks.text("type", self.type)
        checks.variables("value_info", self.value_info or {})
