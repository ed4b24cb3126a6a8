from collections.abc import Iterator
from pathlib import Path

import pytest
from hotel_services.client.domain import email_key
from hotel_services.client.service import SERVICE
from hotel_services.client.settings import ClientSettings
from hotel_services.kit.app import open_resources
from hotel_services.kit.database.transactions import Database
from hotel_services.kit.migrations import schema
from sqlalchemy import text
from support.services import sqlite_url

CLIENTS = {
    "1": ("info@straße.example", "key of both"),
    "2": ("info@xn--strae-oqa.example", "another key"),
    "3": ("Info@strasse.example", "third key"),
    "4": ("a@b", "fourth key"),
    "5": (None, None),
}


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Iterator[Database]:
    resources = open_resources(SERVICE, ClientSettings.model_validate({"database_url": sqlite_url(tmp_path)}))
    yield resources.database
    resources.database.close()


def test_clients_of_an_earlier_version_are_found_by_todays_rule(database: Database) -> None:
    schema.migrate(SERVICE, database)
    added = text(
        "INSERT INTO clients (client_id, first_name, last_name, email, email_key, created_at) "
        "VALUES (:id, 'Jean', 'V', :email, :key, '2027-01-0' || :id)"
    )
    with database.engine.begin() as connection:
        for client_id, (email, key) in CLIENTS.items():
            connection.execute(added, {"id": client_id, "email": email, "key": key})
        connection.execute(text("UPDATE client_schema_version SET version_num = 'client_0001'"))

    schema.migrate(SERVICE, database)

    found = database.read(
        lambda session: session.execute(text("SELECT client_id, email, email_key FROM clients")).all()
    )
    keys = {client_id: key for client_id, _, key in found}
    assert keys == {
        "1": email_key("info@straße.example"),
        # The oldest of those with one address is found by it.
        "2": None,
        "3": email_key("info@strasse.example"),
        "4": None,
        "5": None,
    }
    assert {client_id: email for client_id, email, _ in found} == {
        key: each[0] for key, each in CLIENTS.items()
    }
