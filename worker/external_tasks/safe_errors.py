"""What may be passed on of an exception: its type and place, and no text that may hold a variable's value.

The text of an exception often holds the value that caused it, say an e-mail address in a URL. Reports go to
the engine, where people without a right to see variables read them, and to logs. So only texts that were
written for others are passed on: those of `HandlerError` and of this package's own errors.
"""

import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from external_tasks.errors import EngineError, ExternalTasksError, shorten

_CHAIN_LIMIT = 8
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_CAUSED = "\nThe exception above is the direct cause of this one:\n\n"
_DURING = "\nWhile the exception above was handled, this one came up:\n\n"


def summary(error: BaseException) -> str:
    """Describe an exception in one line: by its text if that was written for others, else by type and place.

    It never raises, whatever the exception's own methods do.
    """
    return _own_text(error) or f"{type_name(error)}{_place(error)}"


def safe_traceback(error: BaseException) -> str:
    """Write the tracebacks of an exception and of what led to it, without texts that are not for others."""
    try:
        parts = list(_chain(error))
    except BaseException:  # noqa: BLE001 - what led to it may be a property of the user's
        parts = [(error, "")]
    return "".join(
        f"{link}{_frames(part)}{type_name(part)}{_suffix(_own_text(part))}\n"
        for part, link in reversed(parts)
    )


def place_of_frame(frame: FrameType) -> str:
    """Say where a thread is: the innermost function that is no library's, with its file and line."""
    return _place_in(traceback.extract_stack(frame))


def full_summary(error: BaseException) -> str:
    """Describe an exception by type and text, whatever the text holds."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - an exception's own method may fail, and even end the program
        text = ""
    return _own_text(error) or shorten(f"{type_name(error)}{_suffix(text)}")


def full_traceback(error: BaseException) -> str:
    """Write the traceback as Python does, texts included."""
    try:
        return "".join(traceback.format_exception(error))
    except BaseException:  # noqa: BLE001 - as above
        return safe_traceback(error)


def _own_text(error: BaseException) -> str:
    if not isinstance(error, ExternalTasksError):
        return ""
    try:
        text = str(error)
        if isinstance(error, EngineError) and error.reason:
            # The engine's words may quote a value that it was sent.
            text = text.removesuffix(f": {error.reason}")
        return shorten(text)
    except BaseException:  # noqa: BLE001 - as above
        return ""


def type_name(error: BaseException) -> str:
    """Name the type of an exception, with its module; it never raises."""
    kind = type(error)
    try:
        module, name = str(kind.__module__), kind.__qualname__
    except BaseException:  # noqa: BLE001 - a class of its class may make properties of them
        return "an exception whose type has no name"
    return name if module == "builtins" else f"{module}.{name}"


def _place(error: BaseException) -> str:
    return _place_in(traceback.extract_tb(error.__traceback__))


def _place_in(frames: traceback.StackSummary) -> str:
    if not frames:
        return ""
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)]
    frame = (own or frames)[-1]
    return f" in {frame.name} ({Path(frame.filename).name}, line {frame.lineno})"


def _frames(error: BaseException) -> str:
    if error.__traceback__ is None:
        return ""
    return "Traceback (most recent call last):\n" + "".join(traceback.format_tb(error.__traceback__))


def _suffix(text: str) -> str:
    return f": {text}" if text else ""


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield an exception and what led to it, each with the words that link it to what comes before."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _CHAIN_LIMIT:
        seen.add(id(current))
        cause, link = current.__cause__, _CAUSED
        if cause is None and not current.__suppress_context__:
            cause, link = current.__context__, _DURING
        yield current, link if cause is not None and id(cause) not in seen else ""
        current = cause
