"""The Python distributions of the repository: every pyproject.toml in it that describes one."""

import subprocess
import sys
import tomllib
from pathlib import Path

from release.errors import ReleaseError


def projects(root: Path) -> list[Path]:
    """Return the pyproject.toml of each distribution: the repository's own and those of its folders."""
    files = [root / "pyproject.toml", *sorted(root.glob("*/pyproject.toml"))]
    return [file for file in files if file.exists() and "project" in tomllib.loads(file.read_text("utf-8"))]


def build(root: Path, target: Path) -> None:
    """Build the wheel and the source distribution of each into a folder.

    Raises:
        ReleaseError: one cannot be built; the builder's own lines stand before.
    """
    for file in projects(root):
        # The tools that build are pinned in the virtual environment, so no others are fetched.
        command = [
            "uv",
            "build",
            "--quiet",
            "--no-create-gitignore",
            "--no-build-isolation",
            "--python",
            sys.executable,
        ]
        built = subprocess.run([*command, "--out-dir", str(target), str(file.parent)], check=False)
        if built.returncode:
            raise ReleaseError(f"{file.relative_to(root)} could not be built: see the lines above")


if __name__ == "__main__":
    try:
        build(Path.cwd(), Path(sys.argv[1]))
    except ReleaseError as error:
        sys.exit(f"release: {error}")
