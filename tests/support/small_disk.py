"""A file system of a few megabytes that a test can fill up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own.

    Attributes:
        folder: where it is mounted.
    """

    folder: Path

    def fill(self) -> None:
        """Take all space that is left."""
        with self._filler.open("wb", buffering=0) as file:
            part = bytes(1 << 20)
            while part:
                try:
                    file.write(part)
                except OSError:
                    # Smaller and smaller pieces, until not a byte fits.
                    part = part[: len(part) // 2]

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


def check_rights() -> None:
    """Raise where no file system can be mounted.

    Raises:
        PermissionError: with what to do.
    """
    if os.getuid() != 0:
        raise PermissionError(
            "only root may mount the small disk that is filled up; as another user: "
            'make chaos CHAOS_OPTIONS="--without disk"'
        )


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a file system in a folder until the block ends.

    Raises:
        PermissionError: only root may do so.
    """
    check_rights()
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", str(folder))


def _run(*line: str) -> None:
    subprocess.run(line, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
