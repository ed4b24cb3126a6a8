"""Whether somebody still reads what the command prints."""

import select
import sys
import time

_MILLISECONDS = 1000


def reader_left_within(seconds: float) -> bool:
    """Wait, and return whether the reader of standard output has left meanwhile; then at once.

    A command that seldom prints would learn it by its next line only, which may never come.
    """
    try:
        output = sys.stdout.fileno()
    except (OSError, ValueError):
        # A test's buffer, say: nobody can leave it.
        time.sleep(seconds)
        return False
    poll = select.poll()
    # No event is asked for: a closed pipe is reported all the same.
    poll.register(output, 0)
    return bool(poll.poll(seconds * _MILLISECONDS))
