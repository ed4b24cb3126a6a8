"""The user's connection, whichever kind it is: a few statements, in the transaction that it is in."""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

_STYLES: Mapping[str, Callable[[int], str]] = {
    "qmark": lambda number: "?",  # noqa: ARG005 - each style takes the number
    "numeric": lambda number: f":{number}",
    "format": lambda number: "%s",  # noqa: ARG005
    "pyformat": lambda number: "%s",  # noqa: ARG005 - PostgreSQL's drivers take both
    "named": lambda number: f":p{number}",
}
_IDLE = 0
"""psycopg's transaction status of a connection that is in no transaction."""


class Database:
    """Runs statements on a connection of the user's and never commits.

    Args:
        connection: of a DB-API 2 driver (sqlite3, psycopg), or SQLAlchemy's `Connection` or `Session`.

    Raises:
        ValueError: it is something else, or commits each statement by itself.
    """

    def __init__(self, connection: Any) -> None:
        # Not the attribute of a cursor, which may be called too: sqlite3 compiles statements so.
        if inspect.isroutine(getattr(connection, "connection", None)) and not hasattr(connection, "cursor"):
            # A Session: the connection that it has, or takes now, is in its transaction.
            connection = connection.connection()
        if inspect.iscoroutine(connection):
            connection.close()
            raise ValueError(_needed("an AsyncSession; in it, use `await session.run_sync(...)`"))
        self._alchemy = hasattr(connection, "exec_driver_sql")
        if inspect.iscoroutinefunction(
            getattr(connection, "exec_driver_sql" if self._alchemy else "execute", None)
        ):
            raise ValueError(_needed("an asynchronous connection; run it in a thread of its own"))
        if not self._alchemy and not callable(getattr(connection, "cursor", None)):
            raise ValueError(_needed(type(connection).__name__))
        self._connection = connection
        self._driver = _driver_connection(connection) if self._alchemy else connection
        style = connection.dialect.paramstyle if self._alchemy else _paramstyle(connection)
        if style not in _STYLES:
            raise ValueError(_needed(f"a connection with parameters of the style {style!r}"))
        self._style = style

    def refuse_autocommit(self) -> None:
        """Refuse a connection on which each statement is a transaction of its own.

        Raises:
            ValueError: it is one.
        """
        if _commits_by_itself(self._driver):
            raise ValueError(
                "connection must be in a transaction, but it commits each statement by itself (autocommit): "
                "switch that off, or begin a transaction before"
            )

    @property
    def is_surely_outside(self) -> bool:
        """Whether no transaction is under way, as far as the driver tells."""
        driver = self._driver
        if hasattr(driver, "in_transaction"):
            return not driver.in_transaction
        status = getattr(getattr(driver, "info", None), "transaction_status", None)
        return status is not None and int(status) == _IDLE

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it has changed; ``{}`` stands for a value."""
        cursor = self._run(sql, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        """Run a query and return its first row, if there is one."""
        cursor = self._run(sql, values)
        try:
            found = cursor.fetchone()
            return None if found is None else tuple(found)
        finally:
            cursor.close()

    def _run(self, sql: str, values: tuple[Any, ...]) -> Any:
        mark = _STYLES[self._style]
        text = sql.format(*(mark(number) for number in range(1, len(values) + 1)))
        given: Any = values
        if self._style == "named":
            given = {f"p{number}": value for number, value in enumerate(values, 1)}
        if self._alchemy:
            return self._connection.exec_driver_sql(text, given) if values else self._bare(text)
        cursor = self._connection.cursor()
        cursor.execute(text, given)
        return cursor

    def _bare(self, text: str) -> Any:
        return self._connection.exec_driver_sql(text)


def _driver_connection(connection: Any) -> Any:
    pooled = connection.connection
    return getattr(pooled, "dbapi_connection", pooled)


def _paramstyle(connection: Any) -> str:
    package = type(connection).__module__.partition(".")[0]
    for kind in type(connection).__mro__:
        # A class of the user's own may inherit the driver's.
        package = kind.__module__.partition(".")[0]
        style = getattr(sys.modules.get(package), "paramstyle", None)
        if style is not None:
            return str(style)
    raise ValueError(_needed(f"a connection of {package}, which does not say how it marks parameters"))


def _commits_by_itself(driver: Any) -> bool:
    if hasattr(driver, "in_transaction"):
        if driver.in_transaction:
            return False
        return driver.isolation_level is None or getattr(driver, "autocommit", False) is True
    status = getattr(getattr(driver, "info", None), "transaction_status", None)
    return getattr(driver, "autocommit", False) is True and (status is None or int(status) == _IDLE)


def _needed(given: str) -> str:
    return (
        "connection must be one of a DB-API 2 driver for PostgreSQL or SQLite (psycopg, sqlite3), or "
        f"SQLAlchemy's Connection or Session, not {given}"
    )
