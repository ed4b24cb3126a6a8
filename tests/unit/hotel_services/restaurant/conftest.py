from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hotel_services.restaurant.service import SERVICE
from support.services import open_client, sqlite_url

FLOOR_PLAN = """
seatings: ["18:00", "20:30"]
tables:
  - {table_id: big, seats: 6}
  - {table_id: small-1, seats: 2}
  - {table_id: small-2, seats: 2}
"""


@pytest.fixture
def restaurant(tmp_path: Path) -> Iterator[FlaskClient]:
    """A restaurant of three tables."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(FLOOR_PLAN)
    with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as client:
        yield client
