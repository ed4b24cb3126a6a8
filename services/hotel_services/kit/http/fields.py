"""The kinds of values that requests carry, with rules that the OpenAPI document states exactly."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, LiteralString

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class RequestModel(BaseModel):
    """A request's body or query: unknown fields are refused and no value is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ViewModel(BaseModel):
    """Something the service answers with."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


@dataclass(frozen=True)
class Form:
    """The form of a text: a regular expression for programs, and words for people.

    Args:
        pattern: What the whole text has to match.
        expected: What a text of another form is answered with.
    """

    pattern: str
    expected: LiteralString

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def _check(self, value: str) -> str:
        # `$` alone would let a line end follow.
        if re.fullmatch(self.pattern, value) is None:
            raise PydanticCustomError("form", self.expected)
        return value


def _matching(pattern: str, parse: Callable[[str], Any], message: LiteralString) -> Callable[[Any], Any]:
    """Return a validator that reads text of one exact form; other types pass through unread."""
    form = re.compile(pattern)

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if form.fullmatch(value) is None:
            raise PydanticCustomError("form", message)
        try:
            return parse(value)
        except ValueError as error:
            raise PydanticCustomError("form", message) from error

    return read


def obeying(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator from a function that raises a ValueError, whose message names what is expected."""

    def read(value: str) -> str:
        try:
            return check(value)
        except ValueError as error:
            raise PydanticCustomError("rule", "{expected}", {"expected": str(error)}) from None

    return AfterValidator(read)


IsoDate = Annotated[
    dt.date,
    BeforeValidator(
        _matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", dt.date.fromisoformat, "must be a date such as 2027-03-31")
    ),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]
"""A day as `YYYY-MM-DD`, which must exist in the calendar."""

Moment = Annotated[
    dt.datetime,
    PlainSerializer(lambda value: value.isoformat().replace("+00:00", "Z"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time in answers, in UTC."""

Identifier = Annotated[
    str,
    Form(UUID_PATTERN, "must be an id that a service gave"),
    Field(
        json_schema_extra={"format": "uuid"},
        examples=["0b8f6d0e-5d43-4c1c-8a37-0f4f5f1f0c11"],
    ),
]
"""An id that a service gave."""


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


INTEGRAL = BeforeValidator(_integral)
"""Takes a JSON number such as 2.0 for the integer that JSON Schema says it is; stands after the limits."""

WHOLE_NUMBER = BeforeValidator(_matching(r"0|[1-9][0-9]{0,17}", int, "must be a whole number"))
"""Reads a whole number from a query string, which carries text alone; stands after the number's limits."""

QueryFlag = Annotated[
    bool, BeforeValidator(_matching("true|false", lambda text: text == "true", "must be true or false"))
]
"""`true` or `false` in a query string."""
