"""The time of the database: the one clock that all replicas of a service share."""

import datetime as dt

from sqlalchemy import ColumnElement, func, select, type_coerce
from sqlalchemy.orm import Session

from hotel_services.kit.database.columns import UtcDateTime

_NOW: dict[str, ColumnElement[dt.datetime]] = {
    # The wall clock and not the transaction's start: a lock may have been waited for in between.
    "postgresql": func.clock_timestamp(type_=UtcDateTime()),
    "sqlite": type_coerce(func.strftime("%Y-%m-%d %H:%M:%f", "now"), UtcDateTime()),
}


def present(session: Session) -> ColumnElement[dt.datetime]:
    """Return the database's present time as an expression, for a statement that notes it by itself."""
    return _NOW[session.get_bind().dialect.name]


def now(session: Session) -> dt.datetime:
    """Return the database's present time, in UTC."""
    return session.execute(select(present(session))).scalar_one()
