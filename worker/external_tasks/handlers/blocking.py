"""Calls that would block the event loop of all async handlers."""

import asyncio

from external_tasks.errors import PermanentError


def refuse_on_event_loop(name: str) -> None:
    """Refuse a call that is made on an event loop.

    Args:
        name: of the call, as the handler writes it; its async form has ``_async`` behind it.

    Raises:
        PermanentError: it is made there.
    """
    if asyncio._get_running_loop() is not None:  # noqa: SLF001 - documented, does not raise
        raise PermanentError(f"{name} blocks the event loop of all async handlers: use await {name}_async")
