"""`external-tasks init` makes a project that works as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from external_tasks.command.line import run


def ran(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass_and_its_worker_fits_its_model(tmp_path: Path) -> None:
    ran(tmp_path, "external_tasks.command", "init", "shop")

    assert "3 passed" in ran(tmp_path / "shop", "pytest", "-q", "-p", "no:cacheprovider")
    checked = ran(
        tmp_path / "shop",
        *("external_tasks.command", "check", "worker:router", "order.bpmn"),
        *("--start-variables", "article,quantity"),
    )
    assert checked == "handlers: 2, topics: 2, models: 1; they fit\n"


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "worker.py").write_text("mine")

    assert run(["init", str(tmp_path)]) == 1
    assert (tmp_path / "worker.py").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "worker.py"]
    assert "is not empty: name a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["dev", "--jar", "/no/such.jar"], "there is no engine at /no/such.jar"),
        (["dev", "no-such.bpmn"], "no-such.bpmn cannot be read"),
    ],
)
def test_an_engine_that_cannot_start_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert run(arguments) == 1
    assert problem in capsys.readouterr().err
