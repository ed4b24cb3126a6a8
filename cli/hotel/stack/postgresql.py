"""Making and dropping the stack's databases on a PostgreSQL server."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from hotel.errors import StackError
from hotel.stack.databases import PostgreSQLServer

# Every PostgreSQL server has this database.
_MAINTENANCE_DATABASE = "postgres"
_CONNECT_SECONDS = 10


def create_databases(server: PostgreSQLServer) -> None:
    """Make those of the stack's databases that are missing.

    Raises:
        StackError: the server is unreachable, refuses the user, or the user may not make databases.
    """
    with _connection(server) as connection:
        existing = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
        for name in server.database_names():
            if name not in existing:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop_databases(server: PostgreSQLServer) -> None:
    """Drop the stack's databases with all that is in them.

    Raises:
        StackError: the server is unreachable or refuses.
    """
    with _connection(server) as connection:
        for name in server.database_names():
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def _connection(server: PostgreSQLServer) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(
            server.url_of(_MAINTENANCE_DATABASE), autocommit=True, connect_timeout=_CONNECT_SECONDS
        ) as connection:
            yield connection
    except psycopg.Error as error:
        where = f"{server.user}@{server.host}:{server.port}"
        raise StackError(f"PostgreSQL at {where}: {str(error).strip()}") from error
