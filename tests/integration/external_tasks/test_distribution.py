"""The library is a distribution of its own: built, installed in a clean environment, and used there."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "worker"
USE = """
import external_tasks, external_tasks.testing, importlib.util, sys
print(external_tasks.testing.run_task(lambda name: {"greeting": f"hello {name}"}, {"name": "Ann"}).variables)
print([name for name in ("hotel", "hotel_worker", "flask", "kopf") if importlib.util.find_spec(name)])
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder), str(LIBRARY))
    return folder


def uv(*arguments: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("uv")), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_works_in_a_clean_environment(built: Path, tmp_path: Path, kind: str) -> None:
    (file,) = built.glob(kind)
    python = tmp_path / "venv/bin/python"
    uv("venv", "--python", sys.executable, str(tmp_path / "venv"))
    uv("pip", "install", "--python", str(python), str(file))

    used = subprocess.run([str(python), "-I", "-c", USE], capture_output=True, text=True, check=True)
    version = subprocess.run(
        [str(python.with_name("external-tasks")), "--version"], capture_output=True, text=True, check=True
    )
    subprocess.run([str(python.with_name("external-tasks")), "init", str(tmp_path / "shop")], check=True)

    assert used.stdout == "{'greeting': 'hello Ann'}\n[]\n"
    stated = tomllib.loads((LIBRARY / "pyproject.toml").read_text())["project"]["version"]
    assert version.stdout == f"external-tasks {stated}\n"


def test_its_facts_are_whole(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (facts,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(facts).decode())
        licence = next(name for name in names if name.endswith("licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()

    assert metadata["Name"] == "external-tasks"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert str(metadata.get_payload()).startswith("# external-tasks")
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"external_tasks"}
    assert "external_tasks/py.typed" in names


def test_nothing_in_it_names_the_hotel(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        files = {
            member.name: archive.extractfile(member) for member in archive.getmembers() if member.isfile()
        }
        naming = [
            name
            for name, content in files.items()
            if content is not None and re.search(rb"(?i)hotel|reservation_", content.read())
        ]

    assert naming == []
