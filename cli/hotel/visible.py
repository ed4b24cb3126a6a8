"""JSON that is safe to show in a terminal, whatever others wrote; for texts see `external_tasks.visible`."""

import json
import re
from typing import Any

from external_tasks.visible import is_unsafe

# Line ends stand between a document's lines alone: inside of texts `json` has escaped them.
_UNUSUAL_IN_JSON = re.compile(r"[^\n -~]")


def json_text(value: Any, *, indent: int | None = None, encoding: str = "utf-8") -> str:
    r"""Return a value as JSON that a terminal does not obey and an encoding can hold.

    What is unsafe, or cannot be encoded, is written as JSON's own escape, e.g. `\u001b`, so that a reader
    gets exactly the value.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return _UNUSUAL_IN_JSON.sub(lambda found: _json_escaped(found.group(), encoding), text)


def _json_escaped(character: str, encoding: str) -> str:
    if is_unsafe(character) or not _can_encode(character, encoding):
        return json.dumps(character)[1:-1]
    return character


def _can_encode(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
