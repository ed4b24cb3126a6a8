from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hotel_services.booking.service import SERVICE
from support.services import open_client, sqlite_url


@pytest.fixture
def booking(tmp_path: Path) -> Iterator[FlaskClient]:
    """A booking service in which nothing is booked."""
    with open_client(SERVICE, sqlite_url(tmp_path)) as client:
        yield client
