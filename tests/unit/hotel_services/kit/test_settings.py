from pathlib import Path
from typing import Any

import pytest
from hotel_services.kit.database.connections import make_engine, parse_url
from hotel_services.kit.seeds import load_seed
from hotel_services.kit.settings import ServiceSettings, SettingsError, read_settings
from pydantic import BaseModel, ConfigDict


class Seed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rooms: list[int]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREADS", "3")
    monkeypatch.setenv("SERVICE_TOKEN", "a-secret-token")
    settings = read_settings(ServiceSettings)
    assert settings.threads == 3
    assert "a-secret-token" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000"), ("THREADS", "many"), ("SERVICE_TOKEN", "short"), ("MIGRATE_AT_START", "perhaps")],
)
def test_wrong_setting_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings(ServiceSettings)
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("chosen", "address"),
    [
        ({"port": 5001}, ("127.0.0.1", 6001)),
        ({"port": 5001, "host": "::1"}, ("::1", 6001)),
        ({"port": 0}, ("127.0.0.1", 0)),
        ({"port": 5001, "health_port": 0}, ("127.0.0.1", 0)),
        ({"port": 65000, "health_port": 9000, "health_host": "192.0.2.1"}, ("192.0.2.1", 9000)),
    ],
)
def test_health_has_an_address_of_its_own(chosen: dict[str, Any], address: tuple[str, int]) -> None:
    assert ServiceSettings(**chosen).health_address == address


def test_health_port_that_does_not_exist_is_told() -> None:
    with pytest.raises(SettingsError, match="Set HEALTH_PORT"):
        _ = ServiceSettings(port=65_000).health_address


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "")
    assert read_settings(ServiceSettings).service_token is None


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@h/n", "postgres://u:p@h/n", "postgresql+psycopg://u:p@h/n"]
)
def test_any_postgresql_url_uses_our_driver(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["", "mysql://h/n", "sqlite://", "sqlite:///:memory:", "room.db"])
def test_other_databases_are_refused_with_advice(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        make_engine(url, 5, "test")


@pytest.mark.parametrize("text", ["rooms: [1, 2]", '{"rooms": [1, 2]}'])
def test_seed_file_is_yaml_or_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seed"
    path.write_text(text)
    assert load_seed(path, ("", ""), Seed).rooms == [1, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rooms: [1, x]", "rooms.1"),
        ("beds: []", "beds"),
        ("rooms: [", "neither YAML nor JSON"),
        ("", "file"),
        ("\udcff", "cannot be read"),
    ],
)
def test_wrong_seed_file_is_explained(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "seed"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=told):
        load_seed(path, ("", ""), Seed)


def test_missing_seed_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load_seed(tmp_path / "nowhere.yaml", ("", ""), Seed)
