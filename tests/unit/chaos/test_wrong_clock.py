"""The clock of a process is as wrong as it was asked for."""

import os
import subprocess
import sys
import time

import pytest
from support.wrong_clock import wrong_clock

READ = "import time; print(time.time(), time.monotonic())"


@pytest.mark.parametrize("seconds", [300, -300])
def test_only_the_wall_clock_is_wrong(seconds: int) -> None:
    before = time.time(), time.monotonic()
    printed = subprocess.run(
        [sys.executable, "-c", READ],
        env={**os.environ, **wrong_clock(seconds)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    after = time.time(), time.monotonic()

    wall, monotonic = map(float, printed.split())
    # libfaketime may cut off the part of a second.
    assert before[0] + seconds - 1 <= wall <= after[0] + seconds + 1
    assert before[1] <= monotonic <= after[1]
