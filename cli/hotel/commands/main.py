"""Running the command line: from its arguments to the exit code, with one line for every error."""

import logging
from typing import Any

import typer
from external_tasks.otel_setup import configure as configure_tracing
from external_tasks.output import drop_output
from pydantic import ValidationError

from hotel.commands.app import app
from hotel.commands.output import note, set_up_streams
from hotel.errors import ExitCode, HotelError
from hotel.signals import raise_on_end

logger = logging.getLogger(__name__)


def run() -> int:
    """Run the command that the arguments name and return its exit code."""
    raise_on_end()
    set_up_streams()
    try:
        _configure_tracing()
        code: Any = app(standalone_mode=False, prog_name="hotel")
    except Exception as error:  # noqa: BLE001  # each becomes one line
        return _failed(error)
    if code == ExitCode.INTERRUPTED:
        note("hotel: interrupted")
    return int(code or ExitCode.OK)


def _configure_tracing() -> None:
    try:
        configure_tracing("hotel")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _failed(error: Exception) -> ExitCode:  # noqa: PLR0911 - one for each kind
    match error:
        case HotelError():
            return _say(str(error), error.exit_code)
        case typer.TyperException():
            return _say(_usage_problem(error), ExitCode.USAGE)
        case ValidationError():
            return _say(_settings_problem(error), ExitCode.USAGE)
        case typer.Abort():
            return _say("interrupted", ExitCode.INTERRUPTED)
        case UnicodeEncodeError():
            # Python reads bytes of an argument or a file's name that are no UTF-8 as half a surrogate pair.
            return _say("an argument or the name of a file is not UTF-8", ExitCode.USAGE)
        case BrokenPipeError():
            drop_output()
            return ExitCode.OUTPUT_CLOSED
        case _:  # the last resort: one clear line instead of a traceback
            logger.debug("unexpected error", exc_info=error)
            return _say(f"unexpected {type(error).__name__}: {error}", ExitCode.UNEXPECTED)


def _say(message: str, code: ExitCode) -> ExitCode:
    note(f"hotel: {message}")
    return code


def _usage_problem(error: typer.TyperException) -> str:
    command = getattr(getattr(error, "ctx", None), "command_path", "hotel")
    words = " ".join(error.format_message().split()).rstrip(".")
    return f"{words}; `{command} --help` lists what there is"


def _settings_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    name = "_".join(str(part) for part in first["loc"]).upper()
    return f"HOTEL_{name}: {first['msg']}"
