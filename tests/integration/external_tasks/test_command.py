"""`external-tasks dev` gives an engine for any model, and `run --reload` follows the code."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from external_tasks import BasicAuth, EngineClient
from hotel.names import EngineKind
from hotel.ports import free_port
from hotel.stack.engine import find_jar
from support.stacks import Engine
from support.waiting import eventually

COMMAND = (sys.executable, "-u", "-m", "external_tasks.command")


@contextlib.contextmanager
def running(
    folder: Path, *line: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Run the command; what it prints goes to a file."""
    printed = folder / "printed.txt"
    with (
        printed.open("wb") as output,
        subprocess.Popen(
            [*COMMAND, *line],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process, printed
        finally:
            process.kill()


@pytest.mark.any_engine
def test_an_engine_of_ones_own_in_one_command(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    subprocess.run([*COMMAND, "init", "shop"], cwd=tmp_path, check=True)
    jar = find_jar(EngineKind(request.config.getoption("--engine")), None)
    port = free_port()
    shop = tmp_path / "shop"
    line = ("dev", "order.bpmn", "--jar", str(jar), "--port", str(port))

    with running(shop, *line) as (engine, printed):
        eventually(lambda: "ready" in printed.read_text() or engine.poll() is not None, seconds=240)
        exports = dict(re.findall(r"^export (\w+)=(.*)$", printed.read_text(), re.MULTILINE))
        assert set(exports) == {"ENGINE_URL", "ENGINE_USER", "ENGINE_PASSWORD"}, printed.read_text()
        auth = BasicAuth(exports["ENGINE_USER"], exports["ENGINE_PASSWORD"])
        with EngineClient(exports["ENGINE_URL"], auth=auth) as client:
            instance = client.start("order", {"article": "tea", "quantity": 2})
            (shop / "worker").mkdir()
            with running(
                shop / "worker", "run", "worker:router", environment={**exports, "PYTHONPATH": str(shop)}
            ):
                eventually(
                    lambda: (
                        client.get("/history/process-instance", {"processInstanceId": instance})[0]["state"]
                        == "COMPLETED"
                    )
                )
        folder = Path(re.findall(r"log: (.*)/engine\.log", printed.read_text())[0])
        assert folder.is_dir()
        engine.send_signal(signal.SIGINT)
        assert engine.wait(60) == 0

    assert "deployed order\n" in printed.read_text()
    # Nothing of it is kept.
    assert not folder.exists()


@pytest.mark.any_engine
def test_a_taken_port_is_told(engine: Engine, tmp_path: Path) -> None:
    port = engine.url.split(":")[2].split("/")[0]

    with running(tmp_path, "dev", "--jar", __file__, "--port", port) as (command, printed):
        assert command.wait(60) == 1

    assert f"port {port} is taken" in printed.read_text()


@pytest.mark.any_engine
def test_an_engine_that_ends_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "engine.jar").write_bytes(b"no jar")

    with running(tmp_path, "dev", "--jar", "engine.jar", "--port", str(free_port())) as (command, printed):
        assert command.wait(60) == 1

    assert "the engine ended while it started (exit code 1): its log ends with" in printed.read_text()
    assert "engine.jar" in printed.read_text()


@pytest.mark.any_engine
def test_a_worker_follows_its_code(engine: Engine, tmp_path: Path) -> None:
    user, password = engine.credentials["admin"]
    environment = {"ENGINE_URL": engine.url, "ENGINE_USER": user, "ENGINE_PASSWORD": password}
    code = "from external_tasks import TaskRouter\nrouter = TaskRouter()\nrouter.task('{}')(lambda: None)\n"
    (tmp_path / "followed.py").write_text(code.format("first-topic"))

    with running(tmp_path, "run", "--reload", "followed:router", environment=environment) as (
        command,
        printed,
    ):
        eventually(lambda: "starting" in printed.read_text())
        (tmp_path / "followed.py").write_text("no python at all")
        eventually(lambda: "followed cannot be imported: SyntaxError" in printed.read_text())
        eventually(lambda: "waiting for a change" in printed.read_text())
        (tmp_path / "followed.py").write_text(code.format("second-topic"))
        eventually(lambda: printed.read_text().count("external_tasks.worker: starting") == 2)
        command.send_signal(signal.SIGTERM)
        assert command.wait(60) == 0

    # The first worker was stopped before the second one began, and the second with the command.
    assert re.findall(r"worker: (starting|stopped)", printed.read_text()) == ["starting", "stopped"] * 2
