"""SQLAlchemy engines with the promises that the services rely on, for SQLite and PostgreSQL."""

import contextlib
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from hotel_services.kit.database.transient_errors import spoils_connection
from hotel_services.kit.settings import SettingsError

POOL_WAIT_SECONDS = 5
CONNECT_SECONDS = 5
BUSY_MILLISECONDS = 5_000
WRITES = "hotel_writes"
WAIT_SECONDS = "hotel_wait_seconds"
"""Execution option: how long a transaction on SQLite may wait for others to end, where that is longer."""

# Set once a connection is made, not with its first message: a PgBouncer in between refuses that.
_POSTGRES_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
}

# `-c name=value` or `--name=value`, as PostgreSQL's own command line has it.
_OPTION_NAME = re.compile(r"(?:-c\s*|--)([\w-]+)=")

# A connection to a server that does not respond is closed after this; the system's own limits are hours.
_SILENT_SERVER = {
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def parse_url(text: str) -> URL:
    """Return the database's URL with the driver that is installed.

    Raises:
        SettingsError: The text is not a URL, or names another kind of database.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SettingsError("DATABASE_URL is not a URL: write sqlite:///FILE or postgresql://…") from error
    match url.get_backend_name():
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case "sqlite":
            return url.set(drivername="sqlite")
        case other:
            raise SettingsError(f"DATABASE_URL: {other} is not supported, use sqlite or postgresql")


def make_engine(url_text: str, pool_size: int, application: str) -> Engine:
    """Return an engine; no connection is made yet.

    Args:
        url_text: The database's URL.
        pool_size: Connections at most.
        application: The name that the database server shows for our connections.
    """
    url = parse_url(url_text)
    engine = (
        _sqlite(url, pool_size)
        if url.get_backend_name() == "sqlite"
        else _postgresql(url, pool_size, application)
    )
    event.listen(engine, "handle_error", _drop_spoiled)
    return engine


def _drop_spoiled(context: ExceptionContext) -> None:
    # SQLAlchemy then gives up the pool's other connections as well, which lead to the same server.
    if spoils_connection(context.original_exception):
        context.is_disconnect = True
        if isinstance(context.original_exception, sqlite3.Error) and context.connection is not None:
            # Closed in the middle of a transaction, it could keep its lock until it is collected as garbage.
            with contextlib.suppress(sqlite3.Error):
                context.connection.connection.rollback()


def _pool(size: int) -> dict[str, Any]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": POOL_WAIT_SECONDS}


def _postgresql(url: URL, pool_size: int, application: str) -> Engine:
    engine = create_engine(
        url,
        # No connection is tried before its use: a unit of work that meets a lost one is run again anyway.
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": application,
            **_SILENT_SERVER,
        },
        hide_parameters=True,
        **_pool(pool_size),
    )
    event.listen(engine, "connect", _postgresql_settings(str(url.query.get("options", ""))))
    return engine


def _postgresql_settings(own_options: str) -> Callable[[Any, object], None]:
    """Return what gives a new connection our settings, but those that the URL's own options name."""
    own = {name.lower().replace("-", "_") for name in _OPTION_NAME.findall(own_options)}
    settings = {name: value for name, value in _POSTGRES_SETTINGS.items() if name not in own}
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())

    def prepare(connection: Any, _record: object) -> None:
        if calls:
            connection.execute(f"SELECT {calls}").close()
            connection.commit()

    return prepare


def _sqlite(url: URL, pool_size: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise SettingsError("DATABASE_URL: SQLite needs a file here, such as sqlite:///hotel.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, connect_args={"timeout": BUSY_MILLISECONDS / 1000}, hide_parameters=True, **_pool(pool_size)
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Python's driver would begin transactions at times of its own; `_begin_sqlite` does it instead.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # What is overwritten or deleted is no longer in the file's free space.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later could fail because another wrote in between.
    options = connection.get_execution_options()
    wait = options.get(WAIT_SECONDS)
    if wait is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait * 1000}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES) else "BEGIN")
    if wait is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
