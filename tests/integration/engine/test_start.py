"""What the engine asks of its environment when it starts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineForbidden, EngineUnauthorized
from support.lone_engine import Launch, LoneEngine
from support.models import external_task

ADMIN = {"ENGINE_ADMIN_PASSWORD": "admin-secret"}


def refusal(engine: LoneEngine) -> dict[str, str]:
    """Return the one line that an engine has printed before it gave up."""
    assert engine.wait_for_exit() == 1
    lines = engine.log.splitlines()
    assert len(lines) == 1, engine.log
    line: dict[str, str] = json.loads(lines[0])
    return line


@pytest.mark.parametrize("environment", [{}, {"ENGINE_ADMIN_PASSWORD": ""}], ids=["unset", "empty"])
def test_no_start_without_the_administrators_password(launch: Launch, environment: dict[str, str]) -> None:
    line = refusal(launch(LOG_FORMAT="json", **environment))

    assert line["level"] == "ERROR"
    assert "ENGINE_ADMIN_PASSWORD is not set" in line["message"]


def test_no_start_with_two_users_of_one_name(launch: Launch) -> None:
    line = refusal(launch(LOG_FORMAT="json", ENGINE_WORKER_USER="admin", ENGINE_WORKER_PASSWORD="b", **ADMIN))

    assert "ENGINE_WORKER_USER" in line["message"]


def test_it_starts_from_the_archive_of_its_classes(launch: Launch, tmp_path: Path) -> None:
    loaded = tmp_path / "loaded"

    launch(JAVA_TOOL_OPTIONS=f"-Xlog:class+load:file={loaded}").wait_for_exit()

    assert "hotel.engine.EngineApplication source: shared objects file (top)" in loaded.read_text()


def test_a_database_that_stays_away_ends_the_start_with_a_clear_line(launch: Launch) -> None:
    engine = launch(
        ENGINE_DATABASE_URL="jdbc:postgresql://localhost:1/engine", ENGINE_DATABASE_WAIT_SECONDS="3", **ADMIN
    )

    assert engine.wait_for_exit() == 1
    assert "no database within 3 s" in engine.log
    assert "ENGINE_DATABASE_URL" in engine.log
    assert "\tat " not in engine.log, "a stack trace helps nobody here"


@pytest.mark.parametrize("text", ["a minute", "-1", "1.5"])
def test_a_time_limit_of_the_database_that_is_no_number_ends_the_start(launch: Launch, text: str) -> None:
    url = "jdbc:postgresql://localhost:1/engine"
    engine = launch(ENGINE_DATABASE_URL=url, ENGINE_DATABASE_TIMEOUT_SECONDS=text, **ADMIN)

    assert engine.wait_for_exit() == 1
    assert "ENGINE_DATABASE_TIMEOUT_SECONDS: write a number of seconds" in engine.log


@contextmanager
def clients(engine: LoneEngine, *credentials: tuple[str, str]) -> Iterator[list[EngineClient]]:
    made = [engine.client(*pair) for pair in credentials]
    yield made
    for client in made:
        client.close()


@pytest.mark.timeout(600)
def test_users_and_rights_follow_the_environment_at_each_start(launch: Launch, tmp_path: Path) -> None:
    first = launch(
        ENGINE_WORKER_PASSWORD="old-secret",
        ENGINE_CLIENT_PASSWORD="client-secret",
        ENGINE_SCALER_PASSWORD="scaler-secret",
        ENGINE_PROCESS_DEFINITIONS="known",
        **ADMIN,
    )
    first.wait_until_ready()
    with clients(first, ("admin", "admin-secret"), ("client", "client-secret")) as (admin, client):
        files = {f"{key}.bpmn": external_task(key, "topic") for key in ("known", "unknown")}
        admin.deploy("models", files)
        instance = client.start("known")
        unknown = admin.start("unknown")
        ids = [row["id"] for row in client.get("/process-instance")]
        assert ids == [instance], "granted on one definition only"
        admin.post("/user/create", {"profile": {"id": "person"}, "credentials": {"password": "person"}})
    first.stop()
    assert (tmp_path / "data" / "engine.mv.db").is_file(), "the default database lies in the working folder"
    assert "secret" not in first.log

    second = launch(
        ENGINE_WORKER_PASSWORD="new${secret}",  # also shows that it is not read as a placeholder
        ENGINE_SCALER_USER="autoscaler@hotel",
        ENGINE_SCALER_PASSWORD="scaler-secret",
        ENGINE_SCALER_UNLOCK="true",
        ENGINE_PROCESS_DEFINITIONS="*",
        ENGINE_ADMIN_USER="chief",
        ENGINE_DEPLOYER_USER="admin",
        ENGINE_DEPLOYER_PASSWORD="former-secret",
        **ADMIN,
    )
    second.wait_until_ready()
    with clients(
        second,
        ("chief", "admin-secret"),
        ("admin", "former-secret"),
        ("worker", "new${secret}"),
        ("autoscaler@hotel", "scaler-secret"),
        ("admin", "admin-secret"),
        ("worker", "old-secret"),
        ("client", "client-secret"),
        ("scaler", "scaler-secret"),
    ) as (chief, former_admin, worker, scaler, *gone):
        users = {user["id"] for user in chief.get("/user")}
        assert users == {"chief", "admin", "worker", "autoscaler@hotel", "person"}
        with pytest.raises(EngineForbidden):
            former_admin.start("known")
        for client in gone:
            with pytest.raises(EngineUnauthorized):
                client.get("/version")
        assert worker.count_external_tasks() == 2
        task = chief.external_tasks(processInstanceId=unknown)[0]["id"]
        scaler.unlock(task)
