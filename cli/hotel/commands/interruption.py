"""Ctrl-C and its like as an error that says what goes on, and what the user can do next."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hotel.errors import Interrupted


@contextmanager
def on_interrupt(words: str | Callable[[], str]) -> Iterator[None]:
    """Say what goes on if the user interrupts the block.

    Args:
        words: a sentence, or what makes it at that time.

    Raises:
        Interrupted: the user has interrupted.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted; {words if isinstance(words, str) else words()}") from error
