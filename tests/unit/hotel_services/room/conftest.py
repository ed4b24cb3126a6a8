"""The room service in this process, on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hotel_services.room.service import SERVICE
from support.services import open_client, sqlite_url


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[FlaskClient]:
    """The service with the seed that is shipped."""
    with open_client(SERVICE, sqlite_url(tmp_path)) as client:
        yield client
