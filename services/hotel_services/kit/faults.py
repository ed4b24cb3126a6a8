"""Which database errors go away by themselves."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_BY_SQLSTATE = {
    "40001": "serialization_failure",
    "40P01": "deadlock",
    "55P03": "lock_timeout",
    "57014": "statement_timeout",
    "57P01": "connection_lost",
    "57P02": "connection_lost",
    "57P03": "connection_lost",
    "57P05": "connection_lost",
    "53300": "too_many_connections",
    "25P03": "connection_lost",
}
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def transient_reason(error: DBAPIError | PoolTimeoutError) -> str | None:
    """Return why trying again may help, as a word for metrics, or None if it will not."""
    if isinstance(error, PoolTimeoutError):
        return "pool_exhausted"
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code; the rest tells variants such as SQLITE_BUSY_SNAPSHOT apart.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return "busy" if code in _SQLITE_BUSY else None
    state = getattr(cause, "sqlstate", None)
    if state is None:
        lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return "connection_lost" if lost else None
    return _BY_SQLSTATE.get(state, "connection_lost" if state.startswith("08") else None)
