"""Text of others, such as a guest's name or an engine's message, made safe to show in a terminal.

A terminal obeys control characters: they clear the screen, change its title or hide a line. Others change the
order of letters, or take no room, so that a text looks like another one.
"""

import json
import re
import unicodedata
from typing import Any

# Control characters, halves of surrogate pairs, line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# The joiners are part of how some languages and emoji are written.
_JOINERS = frozenset({"\u200c", "\u200d"})
_UNUSUAL = re.compile(r"[^ -~]")
# Line ends stand between a document's lines alone: inside of texts `json` has escaped them.
_UNUSUAL_IN_JSON = re.compile(r"[^\n -~]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_LONGEST_BYTE, _LONGEST_SHORT = 0xFF, 0xFFFF


def visible(text: str) -> str:
    r"""Return a text with its control and invisible characters written as escapes, e.g. `\x1b`."""
    return _UNUSUAL.sub(lambda found: _escaped(found.group()), text)


def json_text(value: Any, *, indent: int | None = None, encoding: str = "utf-8") -> str:
    r"""Return a value as JSON that a terminal does not obey and an encoding can hold.

    What is unsafe, or cannot be encoded, is written as JSON's own escape, e.g. `\u001b`, so that a reader
    gets exactly the value.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return _UNUSUAL_IN_JSON.sub(lambda found: _json_escaped(found.group(), encoding), text)


def _is_unsafe(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _UNSAFE_CATEGORIES or (category == "Cf" and character not in _JOINERS)


def _json_escaped(character: str, encoding: str) -> str:
    if _is_unsafe(character) or not _can_encode(character, encoding):
        return json.dumps(character)[1:-1]
    return character


def _can_encode(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escaped(character: str) -> str:
    if not _is_unsafe(character):
        return character
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if number <= _LONGEST_BYTE:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _LONGEST_SHORT else f"\\U{number:08x}"
