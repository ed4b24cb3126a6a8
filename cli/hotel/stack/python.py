"""Python programs as parts of the stack: run without modules of the folder that they are started in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def python_module(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs a module of this Python environment.

    Without `-P` Python would take modules of the working folder, a `flask.py` say, before the installed ones.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def python_environment(caller: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Return the caller's PYTHONPATH without entries that mean the working folder, or a place in it."""
    entries = caller.get("PYTHONPATH", "").split(os.pathsep)
    absolute = [entry for entry in entries if Path(entry).is_absolute()]
    return {"PYTHONPATH": os.pathsep.join(absolute) or None}
