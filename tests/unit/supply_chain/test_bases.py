"""The command that renews the base images' digests, with a docker that gives what a test wants."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.charts import REPOSITORY

FILE = REPOSITORY / "images/bases.env"
OLD = "sha256:" + "0" * 64
NEW = "sha256:" + "a" * 64
BASES = f"# Why it is there.\n\nONE_BASE=python:3.13-slim\nTWO_BASE=ghcr.io/astral-sh/uv:0.13@{OLD}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "bases.env"
    file.write_text(BASES)
    return file


def renew(file: Path, docker: str | None) -> subprocess.CompletedProcess[str]:
    """Run the command where docker is the given shell script, or is missing."""
    folder = file.parent / "bin"
    folder.mkdir()
    if docker is not None:
        (folder / "docker").write_text(f"#!/bin/sh\n{docker}\n")
        (folder / "docker").chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "supply_chain.bases", str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={"PATH": str(folder)},
    )


def test_every_tag_gets_the_digest_of_its_registry(file: Path) -> None:
    done = renew(file, f'case "$*" in "buildx imagetools inspect "*) echo {NEW} ;; *) exit 64 ;; esac')

    assert done.returncode == 0, done.stderr
    assert file.read_text() == (
        f"# Why it is there.\n\nONE_BASE=python:3.13-slim@{NEW}\nTWO_BASE=ghcr.io/astral-sh/uv:0.13@{NEW}\n"
    )
    assert f"ONE_BASE=python:3.13-slim@{NEW}" in done.stdout


def test_renewing_what_is_new_changes_nothing(file: Path) -> None:
    file.write_text(f"ONE_BASE=python:3.13-slim@{NEW}\n")

    done = renew(file, f"echo {NEW}")

    assert (done.returncode, file.read_text()) == (0, f"ONE_BASE=python:3.13-slim@{NEW}\n")
    assert "up to date" in done.stdout


@pytest.mark.parametrize(
    "docker",
    [
        pytest.param(None, id="no docker"),
        pytest.param("echo 'unknown command: docker buildx' >&2; exit 1", id="no buildx"),
        pytest.param("echo 'dial tcp: no such host' >&2; exit 1", id="no network"),
        pytest.param("exit 0", id="no output"),
        pytest.param("echo '<no value>'", id="no digest"),
        pytest.param("echo sha256:abc", id="half a digest"),
        pytest.param(f"echo {NEW} {NEW}", id="two digests"),
        pytest.param(
            f'for image; do :; done; [ "$image" = python:3.13-slim ] && echo {NEW}', id="only one registry"
        ),
    ],
)
def test_without_every_digest_the_file_stays_as_it_is(file: Path, docker: str | None) -> None:
    done = renew(file, docker)

    assert done.returncode == 3
    assert file.read_text() == BASES
    assert "stays as it is: no digest was renewed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line", ["ONE_BASE", "ONE_BASE=", "ONE_BASE=python:3.13-slim@sha256:abc", "ONE BASE=python", "A=b c"]
)
def test_a_line_of_another_form_is_refused(file: Path, line: str) -> None:
    file.write_text(f"{line}\n")

    done = renew(file, f"echo {NEW}")

    assert done.returncode == 1
    assert file.read_text() == f"{line}\n"
    assert "is not of the form NAME=image:tag" in done.stderr


def test_the_dockerfiles_take_every_base_image_from_the_file() -> None:
    dockerfiles = [path.read_text() for path in (REPOSITORY / "images").glob("*/Dockerfile")]
    listed = set(re.findall(r"^(\w+_BASE)=\S+$", FILE.read_text(), re.MULTILINE))
    taken = {name for text in dockerfiles for name in re.findall(r"^FROM (\S+)", text, re.MULTILINE)}
    stages = {name for text in dockerfiles for name in re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE)}

    assert taken - stages == {f"${{{name}}}" for name in listed}
    # A default would let a build go on with another image than the file's.
    assert not any(re.search(r"^ARG \w+_BASE=", text, re.MULTILINE) for text in dockerfiles)


def test_skaffold_reads_the_same_file() -> None:
    assert (REPOSITORY / "skaffold.env").resolve() == FILE.resolve()
