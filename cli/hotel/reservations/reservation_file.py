"""A reservation in a JSON file, or on standard input."""

import json
import sys
from pathlib import Path
from typing import Any

from hotel.errors import InvalidInput

_STANDARD_INPUT = Path("-")
_MOST_BYTES = 1_000_000


def read_reservation(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file; `-` means standard input.

    Raises:
        InvalidInput: the file cannot be read or holds no JSON object.
    """
    text = _read(file)
    try:
        content = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidInput(f"{file} is nested too deeply") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{file} must hold one JSON object with the reservation's fields")
    return content


def _read(file: Path) -> str:
    try:
        if file == _STANDARD_INPUT:
            content = sys.stdin.buffer.read(_MOST_BYTES)
        else:
            with file.open("rb") as opened:
                content = opened.read(_MOST_BYTES)
        # Some editors begin a file with a byte order mark, which is no part of the JSON.
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error


def _unique(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in entries]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"{', '.join(sorted(repeated))} is given twice")
    return dict(entries)
