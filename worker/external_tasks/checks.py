"""Values that users pass, checked where they are passed: each error names the parameter and what it takes."""

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

HIGHEST_PORT = 65_535

HIGHEST_COUNT = 2**31 - 1
"""The engine counts no more."""

_CHARACTERS_SHOWN = 200


def shown(value: Any) -> str:
    """Write a value for a message, whatever it is: cut if it is long, its type if it cannot be written."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a value's own method may fail; Python writes no int of 4300 digits
        return f"an unreadable {type(value).__name__}"
    return text if len(text) <= _CHARACTERS_SHOWN else f"{text[:_CHARACTERS_SHOWN]}…"


def is_encodable(value: str) -> bool:
    """Whether UTF-8 can hold a text: half a surrogate pair can be neither sent nor stored."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text(name: str, value: Any, *, may_be_empty: bool = False) -> str:
    """Return a value that must be a text; one that must not be empty goes into the engine's database.

    Raises:
        ValueError: it is none, an empty one, or one that no database stores.
    """
    if not isinstance(value, str) or not (value or may_be_empty):
        raise ValueError(
            f"{name} must be a text{'' if may_be_empty else ' that is not empty'}, not {shown(value)}"
        )
    return value if may_be_empty else _storable(name, value)


def secret(name: str, value: Any) -> str:
    """Return a value that must be a text, and show it in no message.

    Raises:
        ValueError: it is none, or one that cannot be sent: Python's own error would hold all of it.
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {type(value).__name__}")
    if not is_encodable(value):
        raise ValueError(f"{name} must not hold half a surrogate pair, which cannot be sent")
    return value


def texts(name: str, values: Any) -> tuple[str, ...]:
    """Return values that must be several texts; one text alone is refused, as its letters would be taken.

    Raises:
        ValueError: they are not.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a list of texts, e.g. [{shown(values)}], not {shown(values)}")
    return tuple(text(f"each of {name}", value) for value in values)


def positive_int(name: str, value: Any, *, at_most: float = math.inf) -> int:
    """Return a value that must be a whole number of 1 or more, within a limit.

    Raises:
        ValueError: it is something else.
    """
    return whole_number(name, value, at_least=1, at_most=at_most)


def whole_number(name: str, value: Any, *, at_least: int = 0, at_most: float = math.inf) -> int:
    """Return a value that must be a whole number within limits.

    Raises:
        ValueError: it is something else.
    """
    if not _is_whole(value, at_least, at_most):
        raise ValueError(
            f"{name} must be a whole number of {at_least} or more{_limit(at_most)}, not {shown(value)}"
        )
    return value


def port(name: str, value: Any) -> int:
    """Return a value that must be the number of a TCP port, or 0 for a free one.

    Raises:
        ValueError: it is something else.
    """
    if not _is_whole(value, 0, HIGHEST_PORT):
        raise ValueError(f"{name} must be a port, a number from 0 to {HIGHEST_PORT}, not {shown(value)}")
    return value


def positive_seconds(name: str, value: Any, *, at_most: float = math.inf) -> float:
    """Return a value that must be a finite number of seconds greater than 0.

    Raises:
        ValueError: it is something else.
    """
    if _is_number(value) and 0 < value <= at_most:
        return float(value)
    raise ValueError(
        f"{name} must be a number of seconds greater than 0{_limit(at_most)}, not {shown(value)}"
    )


def number(name: str, value: Any, *, at_least: float = 0.0, at_most: float = math.inf) -> float:
    """Return a value that must be a finite number within limits.

    Raises:
        ValueError: it is something else.
    """
    if _is_number(value) and at_least <= value <= at_most:
        return float(value)
    raise ValueError(f"{name} must be a number of {at_least:g} or more{_limit(at_most)}, not {shown(value)}")


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Check a value that must be one of some words.

    Raises:
        ValueError: it is none of them.
    """
    if not isinstance(value, str) or value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        raise ValueError(f"{name} must be {words}, not {shown(value)}")


def flag(name: str, value: Any) -> None:
    """Check a value that must be True or False.

    Raises:
        ValueError: it is something else, e.g. the text "false", which Python counts as true.
    """
    if value is not True and value is not False:
        raise ValueError(f"{name} must be True or False, not {shown(value)}")


def variables(name: str, value: Any) -> Mapping[str, Any]:
    """Return a value that must be a mapping of variables by name.

    Raises:
        ValueError: it is something else; the message never shows a variable's value.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping of variables by name, not {type(value).__name__}")
    for key in value:
        if not isinstance(key, str) or not key:
            raise ValueError(f"{name} must have names that are texts and not empty, not {type(key).__name__}")
    return value


def scalars(name: str, value: Any) -> None:
    """Check a value that must be a mapping of variables to texts, numbers, booleans or None.

    Raises:
        ValueError: it is something else.
    """
    for key, part in variables(name, value).items():
        if not isinstance(part, str | int | float | None):
            kind = type(part).__name__
            raise ValueError(f"{name} must be texts, numbers, booleans or None, but {key!r} is {kind}")
        if isinstance(part, float) and not math.isfinite(part):
            raise ValueError(f"{name} must be finite numbers, but {key!r} is not")
        if isinstance(part, int) and not -(2**63) <= part < 2**63:
            raise ValueError(f"{name} must be numbers of up to 64 bits, but {key!r} is larger")
        _storable(name, f"{key}{part if isinstance(part, str) else ''}")


def _storable(name: str, value: str) -> str:
    if not is_encodable(value) or "\x00" in value:
        raise ValueError(f"{name} must not hold NUL or half a surrogate pair, which no database stores")
    return value


def _is_whole(value: Any, at_least: int, at_most: float) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and at_least <= value <= at_most


def _is_number(value: Any) -> bool:
    # An int may be larger than any float, and NaN is not smaller than anything.
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and abs(value) <= sys.float_info.max


def _limit(at_most: float) -> str:
    return "" if math.isinf(at_most) else f" and at most {at_most:.10g}"
