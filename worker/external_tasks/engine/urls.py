"""Where text becomes part of a URL: the engine's own, and the names and ids below it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_EXAMPLE = "http://localhost:8080/engine-rest"


def checked_url(url: str, what: str = "the engine's URL", example: str = _EXAMPLE) -> str:
    """Return the URL of an engine's REST API, or of another server, without its last slash.

    Raises:
        ValueError: no client can be made of it; the message never shows the URL, which may hold a password.
    """
    if not isinstance(url, str) or not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise ValueError(
            f"{what} must look like {example}, without spaces or control characters; "
            "percent-encode other letters"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{what} must look like {example}: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(f"{what} must look like {example}")
    if "@" in parts.netloc:
        raise ValueError(
            f"{what} must not carry credentials: "
            "give them as an argument, e.g. auth=BasicAuth(user, password)"
        )
    if "?" in url or "#" in url:
        raise ValueError(f"{what} must end with its path, as {example}: remove `?…` and `#…`")
    if {".", ".."} & set(parts.path.split("/")):
        raise ValueError(f"{what} must not contain `.` or `..` as a part of its path")
    return url.rstrip("/")


def path_segment(value: str) -> str:
    """Quote a name or an id as one segment of a path.

    Raises:
        ValueError: it is empty, ``.`` or ``..``, which change the path, or it holds a control character.
    """
    if not isinstance(value, str) or not value or value in {".", ".."}:
        raise ValueError(f"a name in the path of a URL must not be empty, `.` or `..`, but it is {value!r}")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ValueError(f"a name in the path of a URL must not hold control characters, but it is {value!r}")
    return quote(value, safe="")


def query(params: Mapping[str, Any] | None) -> str:
    """Write parameters as a query with its question mark; None values are left out."""
    pairs = [(name, _as_text(value)) for name, value in (params or {}).items() if value is not None]
    return "?" + urlencode(pairs) if pairs else ""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(str(part) for part in value)
    return str(value)
