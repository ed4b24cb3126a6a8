"""What a reservation must look like before anything is made for it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from hotel_worker.fields import (
    Email,
    Guests,
    HoldLimit,
    IsoDate,
    Name,
    Phone,
    Reference,
    RoomType,
    Seating,
    refuse,
)

MAX_NIGHTS = 365
MAX_YEARS_AHEAD = 3


class InvalidReservation(Exception):  # noqa: N818 - it names the reservation, and never leaves the worker
    """The variables describe no reservation that can be made.

    Attributes:
        errors: one entry per wrong field: ``{"field": …, "message": …}``.
    """

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{error['field']}: {error['message']}" for error in errors))
        self.errors = errors


class Reservation(BaseModel):
    """The start variables of a reservation; variables of other names are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    reservation_ref: Reference
    first_name: Name
    last_name: Name
    email: Email
    phone: Phone | None = None
    check_in: IsoDate
    check_out: IsoDate
    room_type: RoomType
    guests: Guests
    table_wanted: bool = False
    table_seating: Seating = "19:00"
    hold_limit: HoldLimit = "PT15M"

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
        if value != _context(info)["business_key"]:
            raise refuse("must be the business key of the process instance")
        return value

    @field_validator("check_in")
    @classmethod
    def _lies_ahead(cls, value: date, info: ValidationInfo) -> date:
        today = _context(info)["today"]
        if value < today:
            raise refuse("must not be in the past")
        if value > years_after(today, MAX_YEARS_AHEAD):
            raise refuse("must be at most 3 years ahead")
        return value

    @field_validator("check_out")
    @classmethod
    def _makes_nights(cls, value: date, info: ValidationInfo) -> date:
        check_in = info.data.get("check_in")
        if check_in is None:
            return value
        if value <= check_in:
            raise refuse("must be after check_in")
        if (value - check_in).days > MAX_NIGHTS:
            raise refuse("must be at most 365 nights after check_in")
        return value


def years_after(day: date, years: int) -> date:
    """Return the same day of a later year; the 29th of February becomes the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _context(info: ValidationInfo) -> Mapping[str, Any]:
    return info.context or {}


def _by_field(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"field": str(part["loc"][0]), "message": part["msg"]}
        for part in error.errors(include_url=False, include_context=False, include_input=False)
    ]
