"""The places that state the version: say which differ from it, or write it there.

python -m release.versions 1.2.0          fail if a place states another version
python -m release.versions --write 1.2.0  write it everywhere
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release.distributions import projects
from release.errors import ReleaseError

# Valid for Python's packages (PEP 440) as for charts (SemVer): no pre-release has one form in both.
FORM: Final = re.compile(r"(?:(?:0|[1-9][0-9]*)\.){2}(?:0|[1-9][0-9]*)")
IMAGES: Final = "hotel-engine|hotel-service|hotel-worker|hotel-cli|external-task-scaler"
CHART: Final = (
    re.compile(r"^(?:version|appVersion): (\S+)$", re.MULTILINE),
    re.compile(rf"^ +image: (?:{IMAGES}):(\S+)$", re.MULTILINE),
    re.compile(r"^ +- name: external-task-scaler\n(?: +.*\n)*? +version: (\S+)$", re.MULTILINE),
)
PROJECT: Final = (
    re.compile(r"\A(?:.*\n)*?\[project\]\n(?:(?!\[).*\n)*?version = \"([^\"]+)\"", re.MULTILINE),
)


@dataclass(frozen=True)
class Place:
    """A version that a file states: where the file is, and the version's start and end in its text."""

    file: Path
    start: int
    end: int
    stated: str


def checked(version: str) -> str:
    """Return the version if it has the form of a release.

    Raises:
        ReleaseError: it has another form.
    """
    if not FORM.fullmatch(version):
        raise ReleaseError(
            f"VERSION={version} is not a version of a release: "
            "give three numbers, such as 1.2.0, without a leading v"
        )
    return version


def places(root: Path) -> Iterator[Place]:
    """Yield every version that the projects and the charts below a folder state.

    Raises:
        ReleaseError: a file states none, so nobody would notice that it is out of date.
    """
    charts = sorted(path for path in root.glob("charts/**/Chart.yaml") if not path.parent.is_symlink())
    for file, patterns in [
        *((file, PROJECT) for file in projects(root)),
        *((file, CHART) for file in charts),
    ]:
        text = file.read_text(encoding="utf-8")
        found = [match for pattern in patterns for match in pattern.finditer(text)]
        if not found:
            raise ReleaseError(f"{file.relative_to(root)} states no version: add it and try again")
        yield from (Place(file, match.start(1), match.end(1), match[1]) for match in found)


def other(root: Path, version: str) -> list[str]:
    """Return a line for each file that states another version."""
    return sorted(
        {
            f"{place.file.relative_to(root)} states {place.stated}"
            for place in places(root)
            if place.stated != version
        }
    )


def write(root: Path, version: str) -> list[Path]:
    """Write the version to all its places and return the files that changed."""
    changed = []
    for file in dict.fromkeys(place.file for place in places(root)):
        text = before = file.read_text(encoding="utf-8")
        mine = [place for place in places(root) if place.file == file]
        for place in sorted(mine, key=lambda place: -place.start):
            text = text[: place.start] + version + text[place.end :]
        if text != before:
            file.write_text(text, encoding="utf-8")
            changed.append(file)
    return changed


def main(arguments: list[str]) -> None:
    """Check or write.

    Raises:
        ReleaseError: the version has another form, or a file states another one.
    """
    root = Path.cwd()
    version = checked(arguments[-1])
    if "--write" in arguments:
        for file in write(root, version):
            print(f"{file.relative_to(root)} states {version}")
    elif differing := other(root, version):
        raise ReleaseError(
            f"not everything is {version}: {'; '.join(differing)}: "
            f"run make version VERSION={version} and commit it"
        )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ReleaseError as error:
        sys.exit(f"release: {error}")
