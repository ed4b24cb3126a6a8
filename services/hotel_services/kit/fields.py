"""The kinds of values that requests carry, with rules that the OpenAPI document states exactly."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, LiteralString

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

# Written with ranges alone, so that Rust's, Python's and JavaScript's regular expressions agree.
CONTROL = r"\u0000-\u001f\u007f-\u009f"
UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

MAX_NIGHTS = 365


class RequestModel(BaseModel):
    """A request's body or query: unknown fields are refused and no value is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ViewModel(BaseModel):
    """Something the service answers with."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


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

ReservationRef = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["R-2027-000123"])]
"""The reservation's reference, under which a service keeps everything of that reservation."""

Identifier = Annotated[
    str,
    Field(
        pattern=UUID_PATTERN,
        json_schema_extra={"format": "uuid"},
        examples=["0b8f6d0e-5d43-4c1c-8a37-0f4f5f1f0c11"],
    ),
]
"""An id that a service gave."""


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


INTEGRAL = BeforeValidator(_integral)
"""Takes a JSON number such as 2.0 for the integer that JSON Schema says it is; stands after the limits."""

Guests = Annotated[int, Field(ge=1, le=20, description="How many people"), INTEGRAL]

PersonName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=rf"^[^{CONTROL}]*[^{CONTROL}\s][^{CONTROL}]*$",
        description="Any script; no control characters; spaces around it are dropped",
        examples=["Jean"],
    ),
    AfterValidator(str.strip),
]
"""A part of a person's name."""

WHOLE_NUMBER = BeforeValidator(_matching(r"0|[1-9][0-9]{0,17}", int, "must be a whole number"))
"""Reads a whole number from a query string, which carries text alone; stands after the number's limits."""

QueryGuests = Annotated[int, Field(ge=1, le=20, description="How many people"), WHOLE_NUMBER]

QueryFlag = Annotated[
    bool, BeforeValidator(_matching("true|false", lambda text: text == "true", "must be true or false"))
]
"""`true` or `false` in a query string."""


def check_nights(check_in: dt.date | None, check_out: dt.date) -> dt.date:
    """Return `check_out` if the stay has 1 to 365 nights; `check_in` is None where it was not valid itself.

    Raises:
        PydanticCustomError: The dates are reversed, equal or too far apart.
    """
    if check_in is None:
        return check_out
    nights = (check_out - check_in).days
    if nights < 1:
        raise PydanticCustomError("stay", "must be after check_in")
    if nights > MAX_NIGHTS:
        raise PydanticCustomError("stay", "must be at most 365 nights after check_in")
    return check_out
