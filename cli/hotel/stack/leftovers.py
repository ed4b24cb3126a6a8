"""What databases keep of erased rows for a while, and clearing it from a local engine's file."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from hotel.errors import StackError
from hotel.settings import HotelSettings
from hotel.stack.home import DATA, locked, resolved
from hotel.stack.java import find_java
from hotel.stack.state import StackState

_BACKUPS = "backups, and copies of the databases, hold the person until they expire"
_H2_FILE = (
    "unused space in the engine's database file may hold parts of what was erased until `hotel down`, which "
    "rewrites the file"
)
_POSTGRESQL = (
    "PostgreSQL's files may hold row versions that were erased until VACUUM FULL rewrites the tables, and "
    "its write-ahead log until it is recycled"
)
_SECONDS = 300.0
# Spring Boot's own way to run another class of a jar that holds jars.
_LAUNCHER = "org.springframework.boot.loader.launch.PropertiesLauncher"
_JARS_INSIDE = "BOOT-INF/lib/"


def leftovers_of(settings: HotelSettings) -> list[str]:
    """Return what stays in files after an erasure, a sentence each."""
    if settings.in_cluster or settings.engine_url:
        return [_POSTGRESQL, _BACKUPS]
    state = StackState.load(settings.home)
    return [_H2_FILE if state is None or state.server is None else _POSTGRESQL, _BACKUPS]


def note_erasure(settings: HotelSettings) -> None:
    """Remember, for a local stack, that its engine's database file has to be rewritten when it stops."""
    if settings.in_cluster or settings.engine_url:
        return
    with locked(resolved(settings.home)):
        state = StackState.load(settings.home)
        if state is not None and state.server is None:
            state.model_copy(update={"rewrite_engine_file": True}).save(settings.home)


def h2_tool_line(jar: Path, tool: str) -> list[str]:
    """Return the command line that runs one of H2's tools from the engine's jar, taken apart or not.

    Raises:
        StackError: there is no Java, or the jar cannot be read.
    """
    line = [find_java(), "-Xmx256m", "-cp", str(jar)]
    main = f"org.h2.tools.{tool}"
    try:
        with ZipFile(jar) as content:
            holds_jars = any(name.startswith(_JARS_INSIDE) for name in content.namelist())
    except (OSError, BadZipFile) as error:
        raise StackError(
            f"{jar} cannot be read ({error}): set HOTEL_ENGINE_JAR to the engine's jar"
        ) from error
    return [*line, f"-Dloader.main={main}", _LAUNCHER] if holds_jars else [*line, main]


def rewrite_engine_file(
    home: Path, state: StackState, jar: Path, report: Callable[[str], None]
) -> StackState:
    """Rewrite the engine's database file without its unused space, if a person was erased since then.

    Args:
        home: the stack's; its engine has stopped.
        state: the stack's.
        jar: the engine's, which brings the database's own tools.
        report: is called with what is done.

    Returns:
        The state, which says whether it is still to be done.

    Raises:
        StackError: the file cannot be rewritten.
    """
    if not state.rewrite_engine_file:
        return state
    report("rewriting the engine's database file, as a person was erased")
    file = resolved(home) / DATA / "engine"
    line = [
        *h2_tool_line(jar, "Shell"),
        *("-url", f"jdbc:h2:file:{file};IFEXISTS=TRUE", "-user", "sa", "-password", ""),
        *("-sql", "SHUTDOWN COMPACT"),
    ]
    try:
        subprocess.run(line, check=True, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603  # no shell
    except subprocess.SubprocessError as error:
        raise StackError(
            f"the engine's database file could not be rewritten ({error}); what was erased may still stand "
            f"in {file}.mv.db: run `hotel down` again"
        ) from error
    done = state.model_copy(update={"rewrite_engine_file": False})
    done.save(home)
    return done
