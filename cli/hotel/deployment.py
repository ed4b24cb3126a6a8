"""The hotel's processes, and bringing them into an engine."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from external_tasks.checks import is_encodable
from external_tasks.engine.client import EngineClient
from external_tasks.engine.model import Deployment
from external_tasks.errors import BadRequest
from external_tasks.files import FileTooLargeError, read_up_to

from hotel.engine_errors import translated
from hotel.errors import InvalidInput

_NAME = "hotel"
_MOST_BYTES = 16 * 1024 * 1024
_SOURCE = "hotel deploy"
_PACKAGED = Path(__file__).with_name("bpmn")
_HISTORY_TIME_TO_LIVE = re.compile(
    rb"""(\b(?:camunda|operaton):historyTimeToLive\s*=\s*)(?:"[^"]*"|'[^']*')"""
)
_TOPIC = re.compile(rb"""\b(?:camunda|operaton):topic\s*=\s*["']([^"'$#{}]+)["']""")
_PROCESS_ID = re.compile(rb"""<(?:[\w.-]+:)?process\s[^>]*?\bid\s*=\s*["']([^"']+)""")
_REPOSITORY = Path(__file__).parents[2] / "bpmn"


def process_files(folder: Path | None = None, *, history_time_to_live: str | None = None) -> dict[str, bytes]:
    """Return the BPMN files of a folder by name; by default those that come with the command.

    Args:
        folder: with the files.
        history_time_to_live: put in place of what the processes say, an ISO 8601 period of days; a process
            that says nothing keeps the engine's default.

    Raises:
        InvalidInput: there are none, or one cannot be read.
    """
    folder = folder or (_PACKAGED if _PACKAGED.is_dir() else _REPOSITORY)
    try:
        files = {file.name: read_up_to(file, _MOST_BYTES) for file in sorted(folder.glob("*.bpmn"))}
    except OSError as error:
        raise InvalidInput(f"{error.filename} cannot be read: {error.strerror}") from error
    except FileTooLargeError as error:
        raise InvalidInput(f"{error}, which no model needs") from error
    if not files:
        raise InvalidInput(f"there are no .bpmn files in {folder}")
    if unsendable := [name for name in files if not is_encodable(name)]:
        raise InvalidInput(f"the name of {folder / unsendable[0]} is not UTF-8: give the file another")
    if history_time_to_live is None:
        return files
    replacement = rb'\g<1>"' + history_time_to_live.encode() + b'"'
    return {name: _HISTORY_TIME_TO_LIVE.sub(replacement, content) for name, content in files.items()}


def deploy(engine: EngineClient, files: dict[str, bytes]) -> Deployment:
    """Deploy process files; only those that changed since the last time make new versions.

    Raises:
        InvalidInput: the engine finds a process faulty; its message says where.
        HotelError: the engine is unreachable or refuses the user.
    """
    with translated():
        try:
            return engine.deploy(_NAME, files, source=_SOURCE)
        except BadRequest as error:
            raise InvalidInput(str(error)) from error


def definition_keys(files: Mapping[str, bytes]) -> list[str]:
    """Return the keys of the processes in some BPMN files that the engine has accepted."""
    found = {key for content in files.values() for key in _PROCESS_ID.findall(content)}
    # A model may be in another encoding; what cannot be read here is left out.
    return sorted(text for key in found if "\ufffd" not in (text := key.decode(errors="replace")))


def unknown_to(engine: EngineClient, keys: Iterable[str]) -> list[str]:
    """Return those of some deployed processes that a user may not see, and so may not work on.

    Raises:
        HotelError: the engine is unreachable or refuses the user.
    """
    with translated():
        return [key for key in keys if not engine.get("/process-definition/count", {"key": key})["count"]]


def topics_of(files: Mapping[str, bytes]) -> list[str]:
    """Return the topics of the external tasks in some BPMN files, each once, in the files' order."""
    found = (
        topic.decode(errors="replace") for content in files.values() for topic in _TOPIC.findall(content)
    )
    return list(dict.fromkeys(found))
