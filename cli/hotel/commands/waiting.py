"""Waiting for a reservation's end: what to say when the wait is cut off."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from hotel.commands.interruption import on_interrupt
from hotel.commands.options import settings_of
from hotel.errors import HotelError, WaitTimeout
from hotel.settings import HotelSettings
from hotel.stack.state import StackState


@contextmanager
def waiting(context: typer.Context, reference: str) -> Iterator[None]:
    """Explain an interrupt or a timeout while a reservation is waited for.

    Raises:
        Interrupted: the user has interrupted; says that the reservation goes on.
        WaitTimeout: it has not ended in time; names parts of the local stack that have ended.
    """
    try:
        with on_interrupt(f"what has begun goes on: `hotel status {reference}` shows where it stands"):
            yield
    except WaitTimeout as error:
        ended = _ended_parts(settings_of(context))
        if not ended:
            raise
        raise WaitTimeout(f"{error}. Parts of the local stack have ended: {ended}; see `hotel ps`") from error


def _ended_parts(settings: HotelSettings) -> str:
    if settings.in_cluster or settings.engine_url:
        return ""
    try:
        state = StackState.load(settings.home)
    except HotelError:
        return ""
    return ", ".join(record.name for record in state.ended()) if state else ""
