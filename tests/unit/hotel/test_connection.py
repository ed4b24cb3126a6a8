import os
from pathlib import Path
from typing import Any

import pytest
from hotel.errors import InvalidInput, Unreachable
from hotel.names import EngineKind, Role, Service
from hotel.ports import Ports
from hotel.processes import ProcessRecord, identity_of
from hotel.reservations.connection import connect_engine, connect_services
from hotel.settings import HotelSettings
from hotel.stack.credentials import Credentials
from hotel.stack.state import StackState
from support.http_stub import Answer, http_stub

URLS: dict[str, Any] = {f"{name}_url": f"http://{name}.example.com" for name in Service}


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HotelSettings.model_fields:
        monkeypatch.delenv(f"HOTEL_{name.upper()}", raising=False)


def keep_stack(home: Path, *processes: ProcessRecord) -> StackState:
    state = StackState(
        engine=EngineKind.OPERATON,
        ports=Ports.usual(offset=7),
        credentials=Credentials.random(),
        processes=processes,
    )
    state.save(home)
    return state


def running_engine(home: Path) -> ProcessRecord:
    pid = os.getpid()
    return ProcessRecord(
        name="engine", pid=pid, identity=identity_of(pid) or "", log=home / "log", grace_seconds=1
    )


def authorization(settings: HotelSettings, role: Role = Role.CLIENT) -> str | None:
    """Return the header that a client made from these settings sends."""
    with http_stub() as stub:
        stub.answer(Answer(200, []))
        elsewhere = settings.model_copy(update={"engine_url": stub.url})
        with connect_engine(elsewhere, role) as engine:
            engine.get("/engine")
        return stub.requests[0].headers.get("Authorization")


def test_a_running_local_stack_is_the_default(tmp_path: Path) -> None:
    keep_stack(tmp_path, running_engine(tmp_path))

    with connect_engine(HotelSettings(home=tmp_path)) as engine:
        assert engine.url == "http://127.0.0.1:8087/engine-rest"


def test_a_stack_that_does_not_run_is_told(tmp_path: Path) -> None:
    keep_stack(tmp_path)

    with pytest.raises(Unreachable, match="does not run: `hotel up` starts it"):
        connect_engine(HotelSettings(home=tmp_path))


def test_without_any_stack_both_ways_to_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"hotel up.*HOTEL_ENGINE_URL"):
        connect_engine(HotelSettings(home=tmp_path))


@pytest.mark.parametrize(
    ("settings", "role", "header"),
    [
        ({}, Role.CLIENT, None),
        ({"engine_password": "pw"}, Role.CLIENT, "Basic Y2xpZW50OnB3"),
        ({"engine_password": "pw"}, Role.DEPLOYER, "Basic ZGVwbG95ZXI6cHc="),
        ({"engine_user": "me", "engine_password": "pw"}, Role.DEPLOYER, "Basic bWU6cHc="),
        ({"engine_token": "t0ken"}, Role.CLIENT, "Bearer t0ken"),
    ],
)
def test_an_engine_elsewhere_gets_the_credentials_that_are_named(
    settings: dict[str, Any], role: Role, header: str | None
) -> None:
    assert authorization(HotelSettings(**settings), role) == header


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://localhost/", "http://me:secret@localhost/"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="HOTEL_ENGINE_URL"):
        connect_engine(HotelSettings(engine_url=url))


def test_services_of_a_local_stack_come_with_their_databases(tmp_path: Path) -> None:
    state = keep_stack(tmp_path)

    room = connect_services(HotelSettings(home=tmp_path))[Service.ROOM]

    assert room.url == "http://127.0.0.1:5009"
    assert room.token == state.credentials.service_token
    assert room.database_url == f"sqlite:///{tmp_path}/data/room.sqlite"
    assert state.credentials.service_token not in repr(room)


def test_services_elsewhere_come_without(tmp_path: Path) -> None:
    services = connect_services(HotelSettings(home=tmp_path, service_token="t0ken", **URLS))

    assert services[Service.CLIENT].url == "http://client.example.com"
    assert services[Service.CLIENT].token == "t0ken"
    assert {service.database_url for service in services.values()} == {None}


def test_services_elsewhere_are_named_all_or_not_at_all(tmp_path: Path) -> None:
    partly = {name: url for name, url in URLS.items() if name != "restaurant_url"}

    with pytest.raises(InvalidInput, match="HOTEL_RESTAURANT_URL"):
        connect_services(HotelSettings(home=tmp_path, **partly))


def test_an_engine_elsewhere_does_not_go_with_local_services(tmp_path: Path) -> None:
    keep_stack(tmp_path)

    with pytest.raises(InvalidInput, match="HOTEL_BOOKING_URL"):
        connect_services(HotelSettings(home=tmp_path, engine_url="http://engine.example.com/engine-rest"))


def test_a_token_of_an_identity_provider_is_fetched() -> None:
    with http_stub() as provider:
        provider.answer(Answer(200, {"access_token": "t1", "token_type": "Bearer", "expires_in": 60}))
        settings = HotelSettings(
            engine_oauth2_token_url=provider.url,
            engine_oauth2_client_id="me",
            engine_oauth2_client_secret="hidden",
            engine_oauth2_scope="reservations",
        )

        assert authorization(settings) == "Bearer t1"

    assert b"scope=reservations" in provider.requests[0].body


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"engine_oauth2_token_url": "https://login/token"}, "needs HOTEL_ENGINE_OAUTH2_CLIENT_ID"),
        (
            {
                "engine_oauth2_token_url": "login",
                "engine_oauth2_client_id": "me",
                "engine_oauth2_client_secret": "hidden",
            },
            "HOTEL_ENGINE_OAUTH2_…: token_url",
        ),
        ({"engine_key_file": "key.pem"}, "HOTEL_ENGINE_KEY_FILE needs HOTEL_ENGINE_CERTIFICATE_FILE"),
        ({"engine_certificate_file": "/no/such.pem"}, "cert_file"),
        ({"engine_proxy": "proxy"}, "proxy"),
    ],
)
def test_what_cannot_be_used_for_an_engine_is_told(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as raised:
        connect_engine(HotelSettings(engine_url="http://engine.example.com/engine-rest", **settings))

    assert "hidden" not in str(raised.value)
