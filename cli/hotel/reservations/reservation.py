"""A reservation as its maker describes it, checked for shape before anything is started.

Names of fields and JSON types are checked here. Business rules, such as dates that lie in the past, are the
process's: a reservation that breaks one is started and rejected there, where it stays visible.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self

from external_tasks.engine.variables import STRING_LIMIT
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hotel.errors import InvalidReservation

_REFERENCE = r"[A-Za-z0-9._-]{1,64}"
# Without letters and digits that are easily confused when a reference is read out.
_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_LENGTH = 10
_INTEGER_LIMIT = 2**31 - 1


def _storable(text: str) -> str:
    if len(text) > STRING_LIMIT:
        raise ValueError(f"{len(text)} characters are too long, {STRING_LIMIT} is the most")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds a character that no database keeps")
    return text


def _iso_date(value: object) -> object:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _reference(text: str) -> str:
    if not re.fullmatch(_REFERENCE, text):
        raise ValueError("takes 1 to 64 letters, digits, dots, hyphens and underscores")
    return text


Text = Annotated[str, AfterValidator(_storable)]
IsoDate = Annotated[Text, BeforeValidator(_iso_date)]


def new_reference() -> str:
    """Return a reference that no other reservation has."""
    return "R-" + "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(_REFERENCE_LENGTH))


class Reservation(BaseModel):
    """What a guest wants.

    Attributes:
        first_name: of the guest.
        last_name: of the guest.
        email: of the guest; two clients never share one.
        phone: of the guest.
        check_in: first night, ISO date.
        check_out: day of departure, ISO date.
        room_type: one of the hotel's types.
        guests: how many will stay.
        table_wanted: whether a table is to be reserved for the evening of arrival.
        table_seating: when they want to sit down, HH:MM; the process takes 19:00 where it is not given.
        hold_limit: how long the room may be held until it is booked, ISO duration.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    first_name: Text
    last_name: Text
    email: Text
    phone: Text | None = None
    check_in: IsoDate
    check_out: IsoDate
    room_type: Text
    guests: int = Field(ge=-_INTEGER_LIMIT, le=_INTEGER_LIMIT)
    table_wanted: bool = False
    table_seating: Text | None = None
    hold_limit: Text = "PT15M"
    reservation_ref: Annotated[str, AfterValidator(_reference)] = Field(default_factory=new_reference)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read a reservation from JSON's types.

        Raises:
            InvalidReservation: names every field that is unknown, missing, of the wrong type or too long.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise InvalidReservation({_field(e["loc"]): _problem(e) for e in error.errors()}) from error

    def variables(self) -> dict[str, Any]:
        """Return the process variables that it starts with."""
        return self.model_dump(exclude_none=True)

    def differing_fields(self, stored: Mapping[str, Any]) -> list[str]:
        """Return the fields in which this reservation and the variables of a started one differ."""
        wanted = self.model_dump()
        return [name for name in wanted if wanted[name] != stored.get(name)]


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _problem(error: Any) -> str:
    messages = {
        "missing": "is missing",
        "extra_forbidden": "is unknown",
        "string_type": "must be a text",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
        "greater_than_equal": "is too small a number",
        "less_than_equal": "is too large a number",
    }
    return messages.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
