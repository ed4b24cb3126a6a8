"""Cron expressions in time zones: whether one can be used, and when its last moment was.

Daylight saving is handled as Debian's cron does it: a fixed time that is skipped comes when the clocks are
set forward, and one that occurs twice counts once, the first time.
"""

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
# Clocks are set back by less; what came in the hour that is repeated is found then.
_SET_BACK = timedelta(hours=3)
_MINUTE = 60


def check(expression: str) -> None:
    """Make sure that an expression has moments.

    Raises:
        ValueError: it is no cron expression, or its time never comes.
    """
    hint = "write minute, hour, day of month, month and day of week, as 0 8 * * 1-5"
    try:
        next(CronSim(expression, _FIRST))
        next(CronSim(expression, _FIRST, reverse=True))
    except StopIteration as error:
        raise ValueError(f"{expression!r} never comes: {hint}") from error
    except (CronSimError, AssertionError, TypeError, ValueError) as error:
        raise ValueError(f"{expression!r} is no cron expression ({error}): {hint}") from error


def check_zone(zone: str) -> None:
    """Make sure that a time zone is known.

    Raises:
        ValueError: it is not.
    """
    try:
        ZoneInfo(zone)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(f"{zone!r} is no time zone: write an IANA name, as Europe/Berlin or UTC") from error


def last_moment(expression: str, zone: str, now: float) -> float | None:
    """Return the last moment of an expression, now included; None if there has been none.

    Args:
        expression: that `check` has accepted.
        zone: that `check_zone` has accepted.
        now: seconds of the epoch.

    Returns:
        Seconds of the epoch.
    """
    return _last_moment(expression, zone, int(now // _MINUTE) * _MINUTE)


@functools.lru_cache(maxsize=16_384)
def _last_moment(expression: str, zone: str, minute: int) -> float | None:
    now = datetime.fromtimestamp(minute, UTC).astimezone(ZoneInfo(zone))
    for moment in CronSim(expression, now + _SET_BACK, reverse=True):
        if moment.timestamp() <= minute:
            return moment.timestamp()
    return None
