"""Which day it is where the hotel is."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hotel_rules.errors import RuleError

DEFAULT_TIME_ZONE = "UTC"


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of that name in the IANA database, such as `Pacific/Auckland`.

    Raises:
        RuleError: There is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleError("must be a time zone such as Europe/Paris or Pacific/Auckland") from error


def today(zone: ZoneInfo, now: dt.datetime | None = None) -> dt.date:
    """Return the day in that zone.

    Args:
        zone: Where the hotel is.
        now: The time, with a zone of its own; the present if None.
    """
    return (now or dt.datetime.now(dt.UTC)).astimezone(zone).date()
