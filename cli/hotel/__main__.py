"""The `hotel` command.

Nothing of the package is imported before `main` runs, so that Ctrl-C is answered in the first second too.
"""

import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and end with its exit code."""
    try:
        from hotel.commands.main import run  # noqa: PLC0415  # see above

        code = run()
    except KeyboardInterrupt:
        sys.stderr.write("hotel: interrupted\n")
        code = _INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
