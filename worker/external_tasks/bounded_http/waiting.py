"""When a server asks to come back."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_SECONDS = 300.0
"""A server that asks for a longer pause is asked again after this one."""


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, in seconds or as a date, as seconds from now; None if there is none."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdecimal() else _seconds_until(header, now)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(http_date: str, now: datetime | None) -> float:
    moment = parsedate_to_datetime(http_date)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp() - (now or datetime.now(UTC)).timestamp()
