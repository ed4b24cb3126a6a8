from pathlib import Path

import pytest
from hotel.errors import InvalidInput
from hotel.names import Service
from hotel.stack.databases import PostgreSQLServer, service_database_urls


def test_every_part_has_its_own_database() -> None:
    server = PostgreSQLServer.from_url("postgresql://hotel:pw@db.example.com/")

    assert server.database_names() == [
        "hotel_engine",
        "hotel_booking",
        "hotel_room",
        "hotel_restaurant",
        "hotel_client",
    ]
    assert service_database_urls(server, Path("unused"))[Service.ROOM] == (
        "postgresql://hotel:pw@db.example.com:5432/hotel_room"
    )


def test_the_engine_gets_a_jdbc_url_without_credentials_in_it() -> None:
    server = PostgreSQLServer.from_url("postgresql://hotel:p%40ss@localhost:5433/mine")

    assert server.engine_environment() == {
        "ENGINE_DATABASE_URL": "jdbc:postgresql://localhost:5433/mine_engine",
        "ENGINE_DATABASE_USER": "hotel",
        "ENGINE_DATABASE_PASSWORD": "p@ss",
    }


def test_special_characters_survive_into_the_services_urls() -> None:
    server = PostgreSQLServer.from_url("postgresql://ho%2Ftel:p%40%3A@[::1]:5433/")

    assert server.url_of("hotel_room") == "postgresql://ho%2Ftel:p%40%3A@[::1]:5433/hotel_room"


def test_without_a_server_each_service_has_a_file(tmp_path: Path) -> None:
    assert service_database_urls(None, tmp_path)[Service.CLIENT] == f"sqlite:///{tmp_path}/client.sqlite"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:p@host/",
        "postgresql://host/",
        "postgresql://u:secret@/",
        "postgresql://u:secret@host:port/",
        "postgresql://u:secret@host/Up-Case",
        "nonsense",
    ],
)
def test_a_wrong_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="--database") as refused:
        PostgreSQLServer.from_url(url)

    assert "secret" not in str(refused.value)
