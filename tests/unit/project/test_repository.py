"""What a stranger relies on in the repository: links lead somewhere, commands exist, pins are whole."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("charts/*/README.md"), *ROOT.glob("*/README.md")]
)
REQUIREMENTS = sorted(ROOT.glob("requirements/*.txt"))


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def make_targets() -> set[str]:
    makefiles = [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("tests/*/*.mk")]
    return {
        target
        for makefile in makefiles
        for target in re.findall(r"^([a-z][a-z0-9-]*):", makefile.read_text(), flags=re.MULTILINE)
    }


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text()):
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_commands_in_the_pages_exist(page: Path) -> None:
    named = re.findall(r"(?:`|^\$ )make ((?:[a-z][a-z0-9-]*[ `\n])+)", page.read_text(), flags=re.MULTILINE)
    targets = {target for group in named for target in re.findall(r"[a-z][a-z0-9-]*", group)}

    assert targets <= make_targets()


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_pinned_package_has_a_hash(file: Path) -> None:
    entries = re.split(r"\n(?=\S)", file.read_text().strip())

    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_no_lock_file_or_pin_names_a_registry() -> None:
    hosts = re.compile(r"https?://[^\s\"']*(?:pypi|pythonhosted|npmjs|crates)\.(?:org|io)/", re.IGNORECASE)
    naming = [
        str(file.relative_to(ROOT))
        for file in tracked_files()
        if file.is_file() and file.suffix in {".txt", ".toml", ".lock", ".xml", ".json", ".yaml"}
        if hosts.search(file.read_text(errors="ignore"))
    ]

    assert naming == []


def test_getting_an_unknown_tool_says_what_can_be_had() -> None:
    result = subprocess.run([ROOT / ".ci/tools", "cobol"], capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "java | postgresql | helm | syft" in result.stderr


# The guides' first programs are run by their own tests; the first page shows the same ones.
@pytest.mark.parametrize(("language", "guide"), [("python", "worker.md"), ("yaml", "autoscaling.md")])
def test_the_readme_shows_the_first_program_of_a_guide(language: str, guide: str) -> None:
    def first(page: Path) -> str:
        found = re.search(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL)
        assert found is not None
        return found[1]

    assert first(ROOT / "README.md") == first(ROOT / "docs" / guide)
