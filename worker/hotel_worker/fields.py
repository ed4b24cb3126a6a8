"""The kinds of values of a reservation, as strict as the services that they go to."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, LiteralString

from hotel_rules.emails import MAX_EMAIL_LENGTH, check_email
from hotel_rules.errors import RuleError
from hotel_rules.names import MAX_NAME_LENGTH, NAME_PATTERN
from hotel_rules.phones import check_phone
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

SHORTEST_HOLD = timedelta(seconds=1)
LONGEST_HOLD = timedelta(hours=12)

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?", re.ASCII)


def refuse(message: LiteralString) -> PydanticCustomError:
    """Make the error of a wrong value; literal, since logs show it and must hold nothing a guest wrote."""
    return PydanticCustomError("reservation", message)


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours, minutes and whole seconds, e.g. ``PT15M``.

    Raises:
        PydanticCustomError: it is no such duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise refuse("must be a duration such as PT15M")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _matching(pattern: str, message: LiteralString) -> AfterValidator:
    form = re.compile(pattern)

    def check(value: str) -> str:
        if form.fullmatch(value) is None:
            raise refuse(message)
        return value

    return AfterValidator(check)


def _rule(check: Callable[[str], str]) -> AfterValidator:
    """Take a rule that the services apply too; its message says nothing of the value."""

    def apply(value: str) -> str:
        try:
            return check(value)
        except RuleError as error:
            raise refuse(str(error)) from None

    return AfterValidator(apply)


def _read_date(value: Any) -> date:
    if not isinstance(value, str) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        raise refuse("must be a date such as 2027-03-31")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refuse("is no date in the calendar") from error


def _within_limits(value: str) -> str:
    if not SHORTEST_HOLD <= duration(value) <= LONGEST_HOLD:
        raise refuse("must be between PT1S and PT12H")
    return value


Reference = Annotated[
    str, _matching(r"[A-Za-z0-9._-]{1,64}", "must be 1 to 64 letters, digits, dots, hyphens or underscores")
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_LENGTH),
    _matching(NAME_PATTERN, "must hold a visible character and no control characters"),
]
Email = Annotated[str, Field(max_length=MAX_EMAIL_LENGTH), _rule(check_email)]
Phone = Annotated[str, _rule(check_phone)]
IsoDate = Annotated[date, BeforeValidator(_read_date)]
RoomType = Annotated[
    str, _matching(r"[A-Za-z0-9_-]{1,16}", "must be 1 to 16 letters, digits, hyphens or underscores")
]
Guests = Annotated[int, Field(ge=1, le=20)]
Seating = Annotated[str, _matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", "must be a time such as 19:00")]
HoldLimit = Annotated[str, AfterValidator(_within_limits)]
