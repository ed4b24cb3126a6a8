"""What a reservation must look like before anything is made for it."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, LiteralString, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

MAX_NIGHTS = 365
MAX_YEARS_AHEAD = 3
LONGEST_HOLD = timedelta(days=1)

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")


class InvalidReservation(Exception):  # noqa: N818  # it names the reservation, and never leaves the worker
    """The variables describe no reservation that can be made.

    Attributes:
        errors: one entry per wrong field: ``{"field": …, "message": …}``.
    """

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['field']}: {error['message']}" for error in errors))
        self.errors = errors


def _refuse(message: LiteralString) -> PydanticCustomError:
    # Literal, since a message goes into logs and must hold nothing that the guest wrote.
    return PydanticCustomError("reservation", message)


def _read_date(value: Any) -> Any:
    if not isinstance(value, str) or re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) is None:
        raise _refuse("must be a date such as 2027-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise _refuse("is no date in the calendar") from error


def _no_control_characters(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise _refuse("must not contain control characters")
    return value


def _read_email(value: str) -> str:
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError as error:
        raise _refuse("must be an e-mail address such as jean@example.com") from error
    return value


def _read_duration(value: str) -> str:
    if not timedelta(seconds=1) <= duration(value) <= LONGEST_HOLD:
        raise _refuse("must be between PT1S and P1D")
    return value


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours, minutes and whole seconds, e.g. ``PT15M``.

    Raises:
        PydanticCustomError: it is no such duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise _refuse("must be a duration such as PT15M")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


IsoDate = Annotated[date, BeforeValidator(_read_date)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_no_control_characters),
]


class Reservation(BaseModel):
    """The start variables of a reservation; variables of other names are nobody's business here."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    reservation_ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    first_name: Name
    last_name: Name
    email: Annotated[str, Field(max_length=254), AfterValidator(_read_email)]
    phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9+()./ -]*[0-9][0-9+()./ -]*$")] | None = None
    check_in: IsoDate
    check_out: IsoDate
    room_type: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    guests: Annotated[int, Field(ge=1, le=20)]
    table_wanted: bool = False
    table_seating: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "19:00"
    hold_limit: Annotated[str, AfterValidator(_read_duration)] = "PT15M"

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any], *, business_key: str | None, today: date) -> Self:
        """Check the start variables of an instance.

        Args:
            variables: as the process has them; one that is None counts as missing.
            business_key: of the instance; messages reach a reservation by it, so it must be the reference.
            today: the day before which no stay can begin.

        Raises:
            InvalidReservation: with every wrong field.
        """
        given = {name: value for name, value in variables.items() if value is not None}
        try:
            return cls.model_validate(given, context={"business_key": business_key, "today": today})
        except ValidationError as error:
            raise InvalidReservation(_by_field(error)) from error

    @property
    def nights(self) -> int:
        """How many nights the stay has."""
        return (self.check_out - self.check_in).days

    @field_validator("reservation_ref")
    @classmethod
    def _is_business_key(cls, value: str, info: ValidationInfo) -> str:
        if value != _given(info)["business_key"]:
            raise _refuse("must be the business key of the process instance")
        return value

    @field_validator("check_in")
    @classmethod
    def _lies_ahead(cls, value: date, info: ValidationInfo) -> date:
        today = _given(info)["today"]
        if value < today:
            raise _refuse("must not be in the past")
        if value > years_after(today, MAX_YEARS_AHEAD):
            raise _refuse("must be at most 3 years ahead")
        return value

    @field_validator("check_out")
    @classmethod
    def _makes_nights(cls, value: date, info: ValidationInfo) -> date:
        check_in = info.data.get("check_in")
        if check_in is None:
            return value
        if value <= check_in:
            raise _refuse("must be after check_in")
        if (value - check_in).days > MAX_NIGHTS:
            raise _refuse("must be at most 365 nights after check_in")
        return value


def years_after(day: date, years: int) -> date:
    """Return the same day of a later year; the 29th of February becomes the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _given(info: ValidationInfo) -> Mapping[str, Any]:
    return info.context or {}


def _by_field(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"field": str(part["loc"][0]), "message": part["msg"]}
        for part in error.errors(include_url=False, include_context=False, include_input=False)
    ]
