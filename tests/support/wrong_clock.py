"""A process whose wall clock is wrong, while what it waits for lasts as long as before."""

import importlib.util
from pathlib import Path

_LIBRARY = "vendor/libfaketime/src/libfaketime.so.1"


def wrong_clock(seconds: int) -> dict[str, str]:
    """Return the environment of a process whose clock goes so many seconds ahead, or behind if negative.

    Raises:
        FileNotFoundError: libfaketime, which changes what the process reads, is not there.
    """
    found = importlib.util.find_spec("libfaketime")
    library = Path((found.origin if found else None) or "libfaketime").parent / _LIBRARY
    if not library.is_file():
        raise FileNotFoundError(f"no {library}: run `make venv` on Linux")
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}", "DONT_FAKE_MONOTONIC": "1"}
