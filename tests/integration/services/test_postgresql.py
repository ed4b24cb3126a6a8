"""What is particular to PostgreSQL."""

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from flask.testing import FlaskClient
from hotel_services.kit.app import Resources, open_resources
from hotel_services.kit.database.transactions import Database
from hotel_services.kit.migrations import schema
from hotel_services.kit.migrations.schema import SchemaError
from hotel_services.room.service import SERVICE
from hotel_services.room.settings import RoomSettings
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from support.postgresql import new_database
from support.services import open_client

STAY = {"room_id": "101", "check_in": "2031-01-01", "check_out": "2031-01-03", "guests": 1}


@pytest.fixture(scope="module")
def rooms(postgresql_url: str) -> Iterator[FlaskClient]:
    with open_client(SERVICE, postgresql_url) as client:
        yield client


@pytest.fixture
def database(rooms: FlaskClient) -> Database:
    resources = rooms.application.extensions["resources"]
    assert isinstance(resources, Resources)
    return resources.database


def run(database: Database, *statements: str) -> None:
    def work(session: Session) -> None:
        for statement in statements:
            session.execute(text(statement))

    database.write(work)


def test_constraint_keeps_nights_apart_whatever_the_code_does(rooms: FlaskClient, database: Database) -> None:
    rooms.post("/api/room/block", json={"reservation_ref": "first", **STAY})
    copied = (
        "INSERT INTO stays SELECT gen_random_uuid(), 'second', room_id, check_in {shift}, check_out {shift}, "
        "guests, 'confirmed', expires_at, created_at FROM stays WHERE reservation_ref = 'first'"
    )
    with pytest.raises(IntegrityError, match="no_overlap"):
        run(database, copied.format(shift="+ 1"))
    run(database, copied.format(shift="+ 2"))


def test_deadlock_is_resolved_by_running_again(database: Database) -> None:
    """Two units take the same locks in opposite order; the one that the server ends is run once more."""
    both_hold_one = threading.Barrier(2, timeout=20)
    runs = {"101": 0, "102": 0}

    def take(session: Session, first: str, second: str) -> None:
        runs[first] += 1
        lock = text("SELECT * FROM rooms WHERE room_id = :room FOR UPDATE")
        session.execute(lock, {"room": first})
        if runs[first] == 1:
            both_hold_one.wait()
        session.execute(lock, {"room": second})

    other = threading.Thread(target=database.write, args=[lambda session: take(session, "102", "101")])
    other.start()
    database.write(lambda session: take(session, "101", "102"))
    other.join(20)
    assert not other.is_alive()
    # On a busy machine the one that runs again may lock itself in with the other once more.
    assert sum(runs.values()) >= 3


def test_lost_connections_are_replaced_without_anybody_noticing(
    rooms: FlaskClient, database: Database, postgresql: str
) -> None:
    for turn in range(5):
        assert rooms.get("/api/room/rooms/101").status_code == 200
        with psycopg.connect(f"{postgresql}postgres", autocommit=True) as administrator:
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hotel-room'"
            )
        body = {"reservation_ref": f"lost-{turn}", **STAY, "room_id": f"20{turn + 1}"}
        assert rooms.post("/api/room/block", json=body).status_code == 201


def test_connection_lost_in_the_middle_of_a_unit_is_made_good(database: Database) -> None:
    runs: list[int] = []

    def cut_off_once(session: Session) -> None:
        runs.append(1)
        name = f"cut off {len(runs)}"
        session.execute(text("UPDATE room_types SET name = :name WHERE room_type = 'A'"), {"name": name})
        if len(runs) == 1:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    database.write(cut_off_once)
    name = database.read(
        lambda session: session.scalars(text("SELECT name FROM room_types WHERE room_type = 'A'")).one()
    )
    assert name == "cut off 2"


def test_server_that_became_read_only_is_left_for_one_that_is_not(postgresql: str, tmp_path: Path) -> None:
    """As after a failover: the pooled sessions are alive, and take no writes; new ones would."""
    url = new_database(postgresql)
    name = make_url(url).database
    patience = {"database_retry_seconds": 0.2}
    with (
        open_client(SERVICE, url, **patience) as client,
        psycopg.connect(f"{postgresql}postgres", autocommit=True) as administrator,
    ):
        assert client.post("/api/room/block", json={"reservation_ref": "a", **STAY}).status_code == 201
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )

        refused = client.post("/api/room/block", json={"reservation_ref": "b", **STAY, "room_id": "102"})
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert "Retry-After" in refused.headers
        assert client.get("/readyz").status_code == 503
        assert client.get("/api/room/rooms/101").status_code == 200

        administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
        assert client.get("/readyz").status_code == 200
        again = client.post("/api/room/block", json={"reservation_ref": "b", **STAY, "room_id": "102"})
        assert again.status_code == 201


def test_refs_are_sorted_by_code_point_in_any_locale(rooms: FlaskClient, database: Database) -> None:
    run(database, "INSERT INTO rooms VALUES ('a', 'F'), ('B', 'F'), ('_', 'F')")
    found = rooms.get("/api/room/availability?check_in=2031-01-01&check_out=2031-01-02&guests=6").get_json()
    assert [room["room_id"] for room in found["rooms"]][-3:] == ["B", "_", "a"]


def test_options_of_the_url_join_those_of_the_service(postgresql_url: str, database: Database) -> None:
    """So that services can share a database, each in a schema of its own."""
    run(database, "CREATE SCHEMA annex")
    url = f"{postgresql_url}?options=-csearch_path%3Dannex"
    with open_client(SERVICE, url) as annex:
        annex.post("/api/room/block", json={"reservation_ref": "in-the-annex", **STAY})
        assert annex.get("/api/room/stays").get_json()["total"] == 1
        resources = annex.application.extensions["resources"]
        timeout = resources.database.read(
            lambda session: session.scalars(text("SHOW statement_timeout")).one()
        )
    assert timeout == "10s"


def test_only_the_settings_that_the_url_names_are_the_users(postgresql_url: str, database: Database) -> None:
    run(database, "CREATE SCHEMA another")
    own = "-csearch_path=another -c deadlock_timeout=2s --statement-timeout=7s -c TimeZone=Asia/Tokyo"
    with open_client(SERVICE, f"{postgresql_url}?options={quote(own)}") as client:
        resources = client.application.extensions["resources"]
        shown = {
            name: resources.database.read(lambda session, name=name: session.scalar(text(f"SHOW {name}")))
            for name in ("deadlock_timeout", "lock_timeout", "statement_timeout", "timezone")
        }
    assert shown == {
        "deadlock_timeout": "2s",
        "lock_timeout": "5s",
        "statement_timeout": "7s",
        "timezone": "Asia/Tokyo",
    }


def test_extension_that_may_not_be_added_is_explained(empty_postgresql_url: str) -> None:
    with psycopg.connect(empty_postgresql_url, autocommit=True) as administrator:
        administrator.execute("CREATE USER guest PASSWORD 'guest'")
        administrator.execute("CREATE SCHEMA guests AUTHORIZATION guest")
    url = make_url(empty_postgresql_url).set(
        username="guest", password="guest", query={"options": "-csearch_path=guests"}
    )
    settings = RoomSettings(database_url=url.render_as_string(hide_password=False))
    resources = open_resources(SERVICE, settings)
    try:
        with pytest.raises(SchemaError, match="administrator run CREATE EXTENSION btree_gist"):
            schema.migrate(SERVICE, resources.database)
    finally:
        resources.database.close()
