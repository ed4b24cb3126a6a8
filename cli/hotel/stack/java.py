"""The Java that runs the engine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from hotel.errors import StackError

_NEEDED = 17
_ANSWER_SECONDS = 30.0
_ADVICE = (
    f"install a Java {_NEEDED} or newer (on Debian: apt-get install default-jre-headless), or set JAVA_HOME"
)


def find_java() -> str:
    """Return the path of a Java that is new enough: JAVA_HOME's, else the one on the PATH.

    Raises:
        StackError: there is none, or it is too old.
    """
    java = _named_java()
    version = _major_version(java)
    if version < _NEEDED:
        raise StackError(f"the engine needs Java {_NEEDED}, {java} is Java {version}: {_ADVICE}")
    return java


def _named_java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        raise StackError(f"the engine needs Java, and there is none in {home or 'the PATH'}: {_ADVICE}")
    return java


def _major_version(java: str) -> int:
    try:
        answer = subprocess.run(  # noqa: S603  # the Java just found, with a fixed argument
            [java, "-version"], capture_output=True, text=True, check=True, timeout=_ANSWER_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"{java} does not say its version ({error}): {_ADVICE}") from error
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    if found is None:
        raise StackError(f"{java} does not say its version: {_ADVICE}")
    return int(found.group(1))
