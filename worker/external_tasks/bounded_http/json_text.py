"""JSON of others, with a limit on its depth."""

import json
import re
from typing import Any

MAX_JSON_DEPTH = 100
"""Default limit of arrays and objects inside one another."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class JsonTooDeepError(ValueError):
    """JSON is nested deeper than the limit."""


def parse_json(body: bytes, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """Read JSON whose nesting has a limit.

    Raises:
        ValueError: it is not JSON; `JsonTooDeepError` if it is nested too deeply.
    """
    if body.count(b"[") + body.count(b"{") > max_depth and _is_deeper(body, max_depth):
        raise JsonTooDeepError(f"JSON is nested deeper than {max_depth} levels: raise max_json_depth")
    try:
        return json.loads(body)
    except RecursionError as error:
        raise JsonTooDeepError("JSON is nested too deeply for this program") from error


def _is_deeper(body: bytes, max_depth: int) -> bool:
    # Each round removes the innermost pairs of all, so flat lists of any length are gone after a few.
    brackets = _STRING.sub(b"", body).translate(None, _NO_BRACKETS)
    for _ in range(max_depth):
        shorter = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    else:
        return bool(brackets)
    # It has no end or is not JSON at all: the parser will say so, but it must not follow too many openings.
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth or depth < 0:
            return depth > 0
    return False
