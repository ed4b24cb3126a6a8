"""Services as they run for users: the real command, over HTTP, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgresql import new_database, postgresql_server
from support.services import sqlite_url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for the services' databases."""
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that is new and empty for each module, of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path_factory.mktemp("sqlite"))
    return new_database(request.getfixturevalue("postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is new and empty for each test, of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return new_database(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="module")
def postgresql_url(postgresql: str) -> str:
    """A database on PostgreSQL that is new and empty for each module."""
    return new_database(postgresql)


@pytest.fixture
def empty_postgresql_url(postgresql: str) -> str:
    """A database on PostgreSQL that is new and empty for each test."""
    return new_database(postgresql)
