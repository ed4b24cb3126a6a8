"""The notes of a release: its section of CHANGELOG.md.

python -m release.notes 1.2.0 > NOTES.md
"""

import re
import sys
from pathlib import Path

from release.errors import ReleaseError
from release.versions import checked


def section(changelog: str, version: str) -> str:
    """Return what a changelog says about a version, without the heading.

    Raises:
        ReleaseError: there is no such section, or nothing in it.
    """
    heading = rf"^## \[?{re.escape(version)}\]?(?: - \d{{4}}-\d\d-\d\d)?$"
    found = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", changelog, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise ReleaseError(
            f"CHANGELOG.md has no section {version}: "
            f"rename `## Unreleased` to `## {version} - YYYY-MM-DD` and commit it"
        )
    if not found[1].strip():
        raise ReleaseError(f"CHANGELOG.md says nothing about {version}: write what changes for users")
    return found[1].strip() + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(section(Path("CHANGELOG.md").read_text("utf-8"), checked(sys.argv[1])))
    except ReleaseError as error:
        sys.exit(f"release: {error}")
