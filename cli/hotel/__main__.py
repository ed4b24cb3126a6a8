"""The `hotel` command."""

import logging
import sys
from typing import NoReturn

from pydantic import ValidationError

from hotel.commands.app import app
from hotel.errors import ExitCode, HotelError
from hotel.output import note
from hotel.signals import raise_on_end

logger = logging.getLogger(__name__)


def main() -> NoReturn:
    """Run the command line and end with its exit code."""
    raise_on_end()
    try:
        app()
    except HotelError as error:
        _fail(str(error), error.exit_code)
    except ValidationError as error:
        _fail(_settings_problem(error), ExitCode.USAGE)
    except KeyboardInterrupt:
        _fail("interrupted", ExitCode.INTERRUPTED)
    except Exception as error:  # the last resort: one clear line instead of a traceback
        logger.debug("unexpected error", exc_info=True)
        _fail(f"unexpected {type(error).__name__}: {error}", ExitCode.UNEXPECTED)
    sys.exit(ExitCode.OK)


def _fail(message: str, code: ExitCode) -> NoReturn:
    note(f"hotel: {message}")
    sys.exit(code)


def _settings_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    name = "_".join(str(part) for part in first["loc"]).upper()
    return f"HOTEL_{name}: {first['msg']}"


if __name__ == "__main__":
    main()
