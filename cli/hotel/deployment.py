"""The hotel's processes, and bringing them into an engine."""

from pathlib import Path

from external_tasks.engine import EngineClient
from external_tasks.errors import BadRequest
from external_tasks.model import Deployment

from hotel.engine_errors import translated
from hotel.errors import InvalidInput

_NAME = "hotel"
_SOURCE = "hotel deploy"
_PACKAGED = Path(__file__).with_name("bpmn")
_REPOSITORY = Path(__file__).parents[2] / "bpmn"


def process_files(folder: Path | None = None) -> dict[str, bytes]:
    """Return the BPMN files of a folder by name; by default those that come with the command.

    Raises:
        InvalidInput: there are none.
    """
    folder = folder or (_PACKAGED if _PACKAGED.is_dir() else _REPOSITORY)
    files = {file.name: file.read_bytes() for file in sorted(folder.glob("*.bpmn"))}
    if not files:
        raise InvalidInput(f"there are no .bpmn files in {folder}")
    return files


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
