"""A newcomer types what README and docs say, in a fresh clone, from top to bottom."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.charts import REPOSITORY
from support.walk import WALK, typed

RESERVATION = re.compile(r"reservation (R-\w+)")


class Newcomer:
    """Somebody in a clone, with nothing of this checkout."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self.reference = ""
        ours = str(REPOSITORY)
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(
                ("HOTEL_", "ENGINE_", "MAKE", "MFLAGS", "VIRTUAL_ENV", "PYTEST_", "PYTHON")
            )
        }
        outside = [folder for folder in os.environ["PATH"].split(":") if not folder.startswith(ours)]
        # As after `source .venv/bin/activate`.
        self._environment["PATH"] = ":".join([str(clone / ".venv/bin"), *outside])

    def types(self, command: str) -> str:
        """Run a command to its good end and return what it prints."""
        line = command.replace("REFERENCE", self.reference)
        if line.startswith("hotel erase"):
            # It asks, and people alone can answer: give it a terminal.
            line = f"script --quiet --return --command {shlex.quote(line)} /dev/null"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.clone,
            env=self._environment,
            input="y\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
        if found := RESERVATION.search(done.stdout + done.stderr):
            self.reference = found[1]
        return done.stdout


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    clone = tmp_path / "hotel"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    newcomer = Newcomer(clone)
    yield newcomer
    if (clone / ".venv/bin/hotel").exists():
        newcomer.types("hotel down")


@pytest.mark.timeout(3600)
def test_a_newcomer_comes_to_the_end(newcomer: Newcomer) -> None:
    page = (REPOSITORY / "docs/command.md").read_text()
    shown = re.search(r"^\$ cat reservation\.json\n(.*?)^\$", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1])
    (newcomer.clone / "reservation.json").write_text(shown[1])

    printed = {command: newcomer.types(command) for begin in WALK for command in typed(begin)}

    assert "confirmed" in printed[typed("hotel list")[0]]
    assert "engine" in printed["hotel ps"]
    newcomer.types("python -c 'import external_tasks'")
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=newcomer.clone, capture_output=True, text=True, check=True
    )
    assert changed.stdout.split() == ["??", "reservation.json"]
