"""A database that cannot work for a while: 503, not ready, and well again afterwards."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.app import Resources
from sqlalchemy import event, text
from sqlalchemy.orm import Session

MAKE = "/api/thing/make"
TROUBLE = {
    # No page more than the file has now.
    "disk full": "PRAGMA max_page_count = 1",
    "read only": "PRAGMA query_only = ON",
}
CURE = "PRAGMA max_page_count = 4294967294"
OpenThings = Callable[..., FlaskClient]


def make(things: FlaskClient, name: str) -> tuple[int, str]:
    """Make a thing; return the answer's status and code."""
    answer = things.post(MAKE, json={"name": name}, headers={"Idempotency-Key": name})
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) >= 1
    return answer.status_code, json.loads(answer.data).get("code", "")


@pytest.mark.parametrize("pragma", TROUBLE.values(), ids=TROUBLE.keys())
def test_database_that_takes_no_writes_is_unavailable_until_it_does(
    open_things: OpenThings, pragma: str
) -> None:
    things = open_things(database_retry_seconds=0.1)
    resources = things.application.extensions["resources"]
    assert isinstance(resources, Resources)
    assert make(things, "before") == (201, "")
    in_trouble = True

    def trouble(connection: object, _record: object, _proxy: object) -> None:
        # A connection that was read-only stays so: it has to be left for a new one.
        connection.execute(pragma if in_trouble else CURE)  # type: ignore[attr-defined]  # the driver's own

    event.listen(resources.database.engine, "checkout", trouble)
    assert fill(things) == (503, "DATABASE_UNAVAILABLE")
    assert things.get("/readyz").status_code == 503
    assert things.get("/livez").status_code == 200

    in_trouble = False

    assert things.get("/readyz").status_code == 200
    assert make(things, "after") == (201, "")


def test_database_without_its_tables_is_unavailable_until_it_has_them(open_things: OpenThings) -> None:
    things = open_things(database_retry_seconds=0.1)
    resources = things.application.extensions["resources"]
    assert isinstance(resources, Resources)
    engine = resources.database.engine
    assert make(things, "before") == (201, "")
    with engine.begin() as connection:
        tables = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        names = [name for name in tables if not name.startswith("sqlite_")]
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" RENAME TO "{name}_gone"'))

    assert make(things, "during") == (503, "DATABASE_UNAVAILABLE")
    assert things.get("/readyz").status_code == 503

    with engine.begin() as connection:
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}_gone" RENAME TO "{name}"'))
    assert things.get("/readyz").status_code == 200
    assert make(things, "after") == (201, "")


def fill(things: FlaskClient) -> tuple[int, str]:
    """Make things until the database takes no more; return the last answer."""
    for number in range(1000):
        answer = make(things, f"{number}".rjust(90, "x"))
        if answer[0] != 201:
            return answer
    raise AssertionError("the database took everything")


def test_reads_go_on_while_the_database_takes_no_writes(things: FlaskClient) -> None:
    resources = things.application.extensions["resources"]
    assert isinstance(resources, Resources)

    def read_only(connection: object, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]  # as above

    event.listen(resources.database.engine, "checkout", read_only)

    def count(session: Session) -> int:
        return int(session.scalars(text("SELECT count(*) FROM reservation_references")).one())

    assert resources.database.read(count) == 0
