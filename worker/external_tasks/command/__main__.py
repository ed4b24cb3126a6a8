"""The command's entry point."""

import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and end with a code: 0 good, 1 not, 2 a wrong setting or argument, 130 Ctrl-C."""
    try:
        # Imported here, so that Ctrl-C is answered in the first second too.
        from external_tasks.command.line import run  # noqa: PLC0415

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
