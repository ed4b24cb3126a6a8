"""What is left of an erased client in files, tables and logs: nothing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.races import Clients, clients_of
from support.services import RunningService, running_service

CREATE = "/api/client/create"
NAME = "Quasimodo-Ängström"
PERSON = {
    "first_name": NAME,
    "last_name": "Frollo-de-Molendino",
    "email": "Esmeralda.Phoebus@notre-dame.example",
    "phone": "+33 6 12 34 56 78",
}
LATER_PHONE = "+33 6 98 76 54 32"
TRACES = [*PERSON.values(), LATER_PHONE, PERSON["email"].lower()]


@pytest.fixture
def running(empty_database_url: str, tmp_path: Path) -> Iterator[RunningService]:
    with running_service("client", empty_database_url, tmp_path) as service:
        yield service


@pytest.fixture
def guests(running: RunningService) -> Iterator[Clients]:
    with clients_of(running.url, 1) as clients:
        yield clients


def meet(guests: Clients) -> str:
    """Let the person leave traces of every kind; return the client's id."""
    client_id = guests.post(CREATE, PERSON, key="first").json()["client_id"]
    assert guests.post(CREATE, PERSON, key="second").json()["phone"] == PERSON["phone"]
    assert guests.patch(f"/api/client/clients/{client_id}", {"phone": LATER_PHONE}).status == 200
    assert guests.post(CREATE, PERSON, key="third").json()["phone"] == LATER_PHONE
    return str(client_id)


def traces_in_files(folder: Path) -> set[str]:
    """Return what of the person stands in any file of the folder."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {trace for trace in TRACES for content in contents if trace.encode() in content}


def traces_in_tables(url: str) -> set[str]:
    """Return what of the person stands in any row of any table."""
    tables = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(url) as connection:
        rows = [
            row
            for schema, table in connection.execute(tables).fetchall()
            for row in connection.execute(
                sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
            ).fetchall()
        ]
    return {trace for trace in TRACES for (row,) in rows if trace in row}


def traces(url: str, folder: Path) -> set[str]:
    found = traces_in_files(folder)
    return found if url.startswith("sqlite") else found | traces_in_tables(url)


def test_nothing_of_an_erased_client_is_left(
    guests: Clients, empty_database_url: str, tmp_path: Path
) -> None:
    client_id = meet(guests)
    assert traces(empty_database_url, tmp_path) >= {NAME, LATER_PHONE, PERSON["email"]}

    assert guests.post(f"/api/client/clients/{client_id}/erase", None).status == 200

    assert traces(empty_database_url, tmp_path) == set()


def test_erasure_that_was_cut_off_is_finished_by_asking_again(tmp_path: Path) -> None:
    """Somebody reads the SQLite file meanwhile, whose log must keep what they read."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    with running_service("client", url, tmp_path) as running, clients_of(running.url, 1) as guests:
        client_id = meet(guests)
        erase = f"/api/client/clients/{client_id}/erase"
        reader = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM clients").fetchall()
        try:
            cut_off = guests.post(erase, None, key="erase")
        finally:
            reader.close()

        assert (cut_off.status, cut_off.code) == (503, "DATABASE_UNAVAILABLE")
        again = guests.post(erase, None, key="erase")
        assert (again.status, again.json()["email"]) == (200, None)
        assert traces_in_files(tmp_path) == set()
