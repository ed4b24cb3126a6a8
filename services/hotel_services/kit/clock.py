"""The time of the database: the one clock that all replicas of a service share."""

import datetime as dt

from sqlalchemy import Select, func, select, type_coerce
from sqlalchemy.orm import Session

from hotel_services.kit.columns import UtcDateTime

_NOW: dict[str, Select[dt.datetime]] = {
    # The wall clock and not the transaction's start: a lock may have been waited for in between.
    "postgresql": select(func.clock_timestamp(type_=UtcDateTime())),
    "sqlite": select(type_coerce(func.strftime("%Y-%m-%d %H:%M:%f", "now"), UtcDateTime())),
}


def now(session: Session) -> dt.datetime:
    """Return the database's present time, in UTC."""
    return session.execute(_NOW[session.get_bind().dialect.name]).scalar_one()
