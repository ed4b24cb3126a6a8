"""The `hotel` command as a shell runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_SECONDS = 240


@dataclass(frozen=True)
class Ran:
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class HotelCommand:
    """The command with the home folder of a stack, and an environment."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HOTEL_")},
            "HOTEL_HOME": str(home),
            **(environment or {}),
        }

    def __call__(self, *arguments: str, stdin: str | None = None, seconds: float = _SECONDS) -> Ran:
        """Run it to its end."""
        ran = subprocess.run(
            self._line(arguments),
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def begin(self, *arguments: str, stdout: int | IO[str] = subprocess.PIPE) -> "subprocess.Popen[str]":
        """Start it and return at once."""
        return subprocess.Popen(
            self._line(arguments),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _line(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "hotel", *arguments]
