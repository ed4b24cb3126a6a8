"""A release is built from what is committed: refuse anything else."""

import subprocess
import sys
from pathlib import Path

from release.errors import ReleaseError

SHOWN = 10


def check(root: Path) -> None:
    """Check that a working tree has no change and no unknown file.

    Raises:
        ReleaseError: it has some; the first ones are named.
    """
    status = ["git", "-C", str(root), "status", "--porcelain"]
    asked = subprocess.run(status, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ReleaseError(f"git does not know what is committed: {asked.stderr.strip()}: run it in a clone")
    changed = [line[3:] for line in asked.stdout.splitlines()]
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise ReleaseError(
            f"not committed: {', '.join(changed[:SHOWN])}{more}: commit or stash it, then release"
        )


if __name__ == "__main__":
    try:
        check(Path.cwd())
    except ReleaseError as error:
        sys.exit(f"release: {error}")
