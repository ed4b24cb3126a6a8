"""The engine that `external-tasks run` works for is the one that the environment names."""

from pathlib import Path

from external_tasks import BasicAuth
from external_tasks.command.engine_access import connect
from support.http_stub import Answer, http_stub

COUNT = Answer(200, {"count": 3})


def test_user_and_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hidden\n")
    with http_stub() as engine:
        engine.answers.append(COUNT)
        settings = {
            "ENGINE_URL": engine.url,
            "ENGINE_USER": "worker",
            "ENGINE_PASSWORD_FILE": str(tmp_path / "password"),
        }
        with connect(settings) as client:
            assert client.count_external_tasks() == 3

    assert engine.requests[0].headers["Authorization"] == BasicAuth("worker", "hidden").authorization()


def test_a_token_of_an_identity_provider() -> None:
    with http_stub() as engine, http_stub() as provider:
        engine.answers.append(COUNT)
        provider.answers.append(Answer(200, {"access_token": "t1", "token_type": "Bearer", "expires_in": 60}))
        settings = {
            "ENGINE_URL": engine.url,
            "ENGINE_OAUTH2_TOKEN_URL": provider.url,
            "ENGINE_OAUTH2_CLIENT_ID": "worker",
            "ENGINE_OAUTH2_CLIENT_SECRET": "hidden",
            "ENGINE_OAUTH2_AUDIENCE": "engine",
        }
        with connect(settings) as client:
            assert client.count_external_tasks() == 3

    assert engine.requests[0].headers["Authorization"] == "Bearer t1"
    assert b"audience=engine" in provider.requests[0].body


def test_without_anything_it_is_an_open_engine_of_this_machine() -> None:
    with http_stub() as engine:
        engine.answers.append(COUNT)
        with connect({"ENGINE_URL": engine.url}) as client:
            client.count_external_tasks()

    assert "Authorization" not in engine.requests[0].headers
