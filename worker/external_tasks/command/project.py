"""A new project: a model, a worker, a test."""

import sys
from importlib.resources import files
from pathlib import Path

from external_tasks.command.errors import CommandError

# By the names they get. The endings keep tools that read this package's code away from them.
_FILES = {
    "order.bpmn": "order.bpmn",
    "worker.py": "worker.py.txt",
    "test_worker.py": "test_worker.py.txt",
    "README.md": "README.md.txt",
}


def make(folder: Path) -> None:
    """Write the project's files into a folder.

    Raises:
        CommandError: the folder holds something, or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{folder} exists and is not empty: name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in _FILES.items():
            content = files("external_tasks.command").joinpath("templates", source).read_bytes()
            (folder / name).write_bytes(content)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}") from error
    sys.stdout.write(f"made {folder}: {', '.join(_FILES)}. README.md tells what to do next.\n")
