"""The nights of a stay."""

import datetime as dt

from pydantic_core import PydanticCustomError

MAX_NIGHTS = 365


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
