from pathlib import Path

import pytest
from external_tasks import BasicAuth, BearerAuth
from external_tasks.handlers.router import Defaults
from hotel_worker.settings import SettingsError, WorkerSettings, read_settings
from hotel_worker.topics import HANDLERS
from hotel_worker.wiring import create_worker, engine_auth
from support.http_stub import Answer, http_stub


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WorkerSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def wrong(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    return str(raised.value)


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert settings.engine_url == "http://localhost:8080/engine-rest"
    assert settings.worker_topics == tuple(HANDLERS)
    assert engine_auth(settings) is None


def test_every_setting_is_described_and_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "process.md").read_text(encoding="utf-8")
    for name, field in WorkerSettings.model_fields.items():
        assert field.description
        assert f"| `{name.upper()}` |" in page
        assert field.description in page


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_URL", "https://engine:8443/engine-rest")
    monkeypatch.setenv("ENGINE_USER", "worker")
    monkeypatch.setenv("ENGINE_PASSWORD", "secret")
    monkeypatch.setenv("WORKER_TOPICS", "block-room, release-room,")
    monkeypatch.setenv("WORKER_EXHAUSTED", "block-room=incident, release-room = bpmn_error")
    monkeypatch.setenv("WORKER_SLOTS", "3")
    monkeypatch.setenv("SERVICE_TOKEN", "")

    settings = read_settings()

    assert settings.worker_topics == ("block-room", "release-room")
    assert settings.worker_exhausted == {"block-room": "incident", "release-room": "bpmn_error"}
    assert settings.service_token is None, "empty is as good as not set"
    assert isinstance(engine_auth(settings), BasicAuth)
    assert "secret" not in repr(settings).replace("client_secret", "")


def test_token_is_an_alternative_to_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_TOKEN", "secret")
    assert isinstance(engine_auth(read_settings()), BearerAuth)


OAUTH2 = {
    "ENGINE_OAUTH2_TOKEN_URL": "https://login.example.com/token",
    "ENGINE_OAUTH2_CLIENT_ID": "worker",
    "ENGINE_OAUTH2_CLIENT_SECRET": "secret",
}


def test_a_token_of_an_identity_provider_is_another_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_stub() as provider:
        provider.answers.append(
            Answer(200, {"access_token": "t1", "token_type": "Bearer", "expires_in": 300})
        )
        for name, value in {**OAUTH2, "ENGINE_OAUTH2_TOKEN_URL": f"{provider.url}/token"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ENGINE_OAUTH2_SCOPE", "tasks")
        auth = engine_auth(read_settings())
        assert auth is not None
        assert auth.authorization() == "Bearer t1"

    (request,) = provider.requests
    assert b"scope=tasks" in request.body
    assert request.headers["Authorization"] == BasicAuth("worker", "secret").authorization()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ENGINE_URL": "engine:8080"}, "ENGINE_URL"),
        ({"ENGINE_URL": "http://user:secret@engine:8080"}, "ENGINE_URL"),
        ({"ROOM_URL": "room"}, "ROOM_URL"),
        ({"ENGINE_CA_FILE": "/nowhere/ca.pem"}, "ENGINE_CA_FILE"),
        ({"WORKER_TOPICS": "block-room,tidy-room"}, "unknown topic tidy-room; there are validate-input"),
        ({"WORKER_TOPICS": "block-room,block-room"}, "names a topic twice"),
        ({"WORKER_TOPICS": ","}, "WORKER_TOPICS"),
        ({"WORKER_EXHAUSTED": "tidy-room=incident"}, "unknown topic tidy-room"),
        ({"WORKER_EXHAUSTED": "block-room=shrug"}, "WORKER_EXHAUSTED"),
        ({"WORKER_EXHAUSTED": "block-room"}, "WORKER_EXHAUSTED"),
        ({"WORKER_SLOTS": "0"}, "WORKER_SLOTS"),
        ({"WORKER_SLOTS": "many"}, "WORKER_SLOTS"),
        ({"WORKER_RETRY_FACTOR": "0.5"}, "WORKER_RETRY_FACTOR"),
        ({"WORKER_HEALTH_PORT": "70000"}, "WORKER_HEALTH_PORT"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"ENGINE_USER": "worker"}, "ENGINE_USER and ENGINE_PASSWORD are set together"),
        (
            {"ENGINE_USER": "w", "ENGINE_PASSWORD": "secret", "ENGINE_TOKEN": "secret"},
            "ENGINE_TOKEN excludes",
        ),
        ({"ENGINE_OAUTH2_TOKEN_URL": "https://login/token"}, "are set together or not at all"),
        ({**OAUTH2, "ENGINE_TOKEN": "secret"}, "ENGINE_OAUTH2_TOKEN_URL excludes"),
        ({**OAUTH2, "ENGINE_OAUTH2_TOKEN_URL": "login"}, "ENGINE_OAUTH2_TOKEN_URL"),
        ({"ENGINE_KEY_FILE": __file__}, "ENGINE_KEY_FILE needs ENGINE_CERTIFICATE_FILE"),
    ],
)
def test_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], message: str
) -> None:
    said = wrong(monkeypatch, **environment)
    assert message in said
    assert "secret" not in said


def test_several_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = wrong(monkeypatch, WORKER_SLOTS="0", LOG_FORMAT="xml")
    assert "WORKER_SLOTS" in said
    assert "LOG_FORMAT" in said


def test_worker_is_made_of_its_settings() -> None:
    worker = create_worker(WorkerSettings(worker_name="pod-1", worker_topics=("block-room",)))
    assert worker.id.startswith("pod-1:")
    assert set(worker.resolve(Defaults())) == {"block-room"}
