"""What `make release` refuses before it builds anything."""

import subprocess
from pathlib import Path

import pytest
from support.charts import REPOSITORY

from release.errors import ReleaseError
from release.notes import section
from release.tree import check
from release.versions import checked, other, places, write

CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n"
    "## 1.2.0 - 2027-01-31\n\n- Added: tea.\n\n## 1.1.0\n\n## 1.0.0\n\n- All.\n"
)
PROJECT = '[build-system]\nrequires = []\n\n[project]\nname = "shop"\nversion = "1.1.0"\n'
CHART = """version: 1.1.0
appVersion: 1.1.0
annotations:
  artifacthub.io/images: |
    - name: engine
      image: hotel-engine:1.1.0
    - name: postgresql
      image: docker.io/library/postgres:17
dependencies:
  - name: external-task-scaler
    alias: operator
    version: 1.1.0
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two distributions and a chart."""
    for name, text in {
        "pyproject.toml": PROJECT,
        "worker/pyproject.toml": PROJECT,
        "charts/hotel/Chart.yaml": CHART,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def git(tree: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Jean", "-c", "user.email=jean@example.com"]
    subprocess.run(["git", "-C", str(tree), *identity, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    "version",
    ["", "1.2", "v1.2.0", "1.2.0-rc1", "1.2.0rc1", "01.2.0", "1.2.0\n", "1.2.0 ", "\uff11.2.0", "1.\uff12.0"],
)
def test_a_version_of_another_form_is_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"three numbers, such as 1\.2\.0"):
        checked(version)


def test_the_notes_are_the_section_of_the_version() -> None:
    assert section(CHANGELOG, "1.2.0") == "- Added: tea.\n"
    assert section(CHANGELOG, "1.0.0") == "- All.\n"


@pytest.mark.parametrize(
    ("version", "words"),
    [("1.3.0", "no section 1.3.0"), ("1.1.0", "nothing about 1.1.0"), ("2.0", "no section")],
)
def test_a_version_that_the_changelog_says_nothing_about_is_refused(version: str, words: str) -> None:
    with pytest.raises(ReleaseError, match=words):
        section(CHANGELOG, version)


def test_files_that_state_another_version_are_named(tree: Path) -> None:
    assert other(tree, "1.1.0") == []
    assert other(tree, "1.2.0") == [
        "charts/hotel/Chart.yaml states 1.1.0",
        "pyproject.toml states 1.1.0",
        "worker/pyproject.toml states 1.1.0",
    ]


def test_writing_a_version_changes_what_states_it_and_nothing_else(tree: Path) -> None:
    write(tree, "1.20.0")

    assert other(tree, "1.20.0") == []
    assert (tree / "worker/pyproject.toml").read_text() == PROJECT.replace("1.1.0", "1.20.0")
    assert (tree / "charts/hotel/Chart.yaml").read_text() == CHART.replace("1.1.0", "1.20.0")


def test_a_file_without_a_version_is_named(tree: Path) -> None:
    (tree / "worker/pyproject.toml").write_text('[project]\nname = "shop"\n[tool.x]\nversion = "1"\n')

    with pytest.raises(ReleaseError, match=r"worker/pyproject\.toml states no version"):
        list(places(tree))


def test_the_repository_states_one_version() -> None:
    stated = {place.stated for place in places(REPOSITORY)}

    assert len(stated) == 1
    assert {str(place.file.relative_to(REPOSITORY)) for place in places(REPOSITORY)} >= {
        "pyproject.toml",
        "charts/hotel/Chart.yaml",
        "charts/hotel/charts/external-task-scaler/Chart.yaml",
    }


def test_what_is_not_committed_is_named(tree: Path) -> None:
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "All")
    check(tree)

    (tree / "pyproject.toml").write_text(PROJECT + "# more\n")
    (tree / "left over").write_text("")

    with pytest.raises(ReleaseError, match=r"pyproject\.toml.*left over.*commit or stash"):
        check(tree)


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="run it in a clone"):
        check(tmp_path)


@pytest.mark.parametrize("target", ["release", "release-images"])
def test_a_release_without_a_version_asks_for_one(target: str) -> None:
    done = subprocess.run(
        ["make", "--old-file=.venv/.installed", target],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "name the version: make release VERSION=1.2.0" in done.stderr
