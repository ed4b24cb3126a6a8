"""Which errors say that the database cannot work at present: they are no fault of the client, nor ours."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_BY_SQLSTATE = {
    "25006": "read_only",
    "25P03": "connection_lost",
    "3D000": "connection_refused",
    "3F000": "schema_missing",
    "40001": "serialization_failure",
    "40P01": "deadlock",
    "42501": "not_permitted",
    "42703": "schema_missing",
    "42P01": "schema_missing",
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "55P03": "lock_timeout",
    "57014": "statement_timeout",
    "57P01": "connection_lost",
    "57P02": "connection_lost",
    "57P03": "connection_lost",
    "57P04": "connection_refused",
    "57P05": "connection_lost",
    "XX001": "damaged",
    "XX002": "damaged",
}
_BY_SQLSTATE_CLASS = {
    "08": "connection_lost",
    "28": "connection_refused",
    "53": "out_of_resources",
    "58": "input_output",
}
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_NOMEM: "out_of_memory",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "input_output",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_CANTOPEN: "connection_refused",
    sqlite3.SQLITE_PROTOCOL: "busy",
}
# SQLite has one code for all that is wrong with a statement. Ours are right once the schema is there, which
# was looked at when the service began: it is gone, as while a backup is put back.
_SCHEMA_MISSING = ("no such table", "no such column")

OF_THE_SCHEMA = {"not_permitted", "schema_missing"}
"""Reasons that are a mistake of the migration while the schema is being made."""

_SPOILING = {"connection_lost", "connection_refused", "damaged", "input_output", "read_only"}
"""Reasons that another connection may not have; for the others, this one is as good as any."""


def transient_reason(error: BaseException | None) -> str | None:
    """Return why the database cannot work at present, as a word for metrics, or None if it can."""
    if isinstance(error, PoolTimeoutError):
        return "pool_exhausted"
    if not isinstance(error, DBAPIError):
        return _driver_reason(error)
    reason = _driver_reason(error.orig)
    if reason is None and getattr(error.orig, "sqlstate", None) is None and _is_lost(error):
        return "connection_lost"
    return reason


def spoils_connection(error: BaseException) -> bool:
    """Return whether the driver's error is a reason to go on with a new connection.

    After a failover, for instance, pooled connections lead to a server that takes no writes any more.
    """
    return _driver_reason(error) in _SPOILING


def _driver_reason(error: BaseException | None) -> str | None:
    if isinstance(error, sqlite3.Error):
        # The low byte is the primary code; the rest tells variants such as SQLITE_BUSY_SNAPSHOT apart.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_ERROR and str(error).startswith(_SCHEMA_MISSING):
            return "schema_missing"
        return _BY_SQLITE_CODE.get(code)
    state = getattr(error, "sqlstate", None) or ""
    return _BY_SQLSTATE.get(state) or _BY_SQLSTATE_CLASS.get(state[:2])


def _is_lost(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return False
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
