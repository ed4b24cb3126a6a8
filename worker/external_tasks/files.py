"""Files that somebody else names: a device has no end, so each is read up to a limit."""

from pathlib import Path

from external_tasks.errors import ExternalTasksError


class FileTooLargeError(ExternalTasksError):
    """A file holds more than its kind needs."""


def read_up_to(file: Path, most_bytes: int) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: it cannot be read.
        FileTooLargeError: it holds more bytes than that.
    """
    with file.open("rb") as opened:
        content = opened.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise FileTooLargeError(f"{file} is larger than {most_bytes} bytes")
    return content
