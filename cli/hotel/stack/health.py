"""Waiting until the parts of the stack can do their work."""

import time
from collections.abc import Iterable

import urllib3

from hotel.errors import StackError
from hotel.stack.process import ProcessRecord

_POLL_SECONDS = 0.1
_ANSWER_SECONDS = 3.0


def wait_until_healthy(parts: Iterable[tuple[ProcessRecord, str]], *, seconds: float) -> None:
    """Return when each process answers 200 at its readiness URL.

    Args:
        parts: processes with their readiness URLs.
        seconds: how long all of them together may take.

    Raises:
        StackError: a process ended, or was not ready in time; with the end of its log.
    """
    deadline = time.monotonic() + seconds
    with urllib3.PoolManager(timeout=_ANSWER_SECONDS, retries=False) as pool:
        for record, url in parts:
            _wait_for_one(pool, record, url, deadline, seconds)


def _wait_for_one(
    pool: urllib3.PoolManager, record: ProcessRecord, url: str, deadline: float, seconds: float
) -> None:
    while not is_healthy(pool, url):
        if not record.is_running():
            raise StackError(_with_log(f"{record.name} ended while it was starting", record))
        if time.monotonic() > deadline:
            raise StackError(_with_log(f"{record.name} was not ready within {seconds:.0f} s", record))
        time.sleep(_POLL_SECONDS)


def is_healthy(pool: urllib3.PoolManager, url: str) -> bool:
    """Return whether a readiness URL answers 200 now."""
    try:
        return pool.request("GET", url).status == 200  # noqa: PLR2004  # HTTP's OK
    except urllib3.exceptions.HTTPError:
        return False


def _with_log(message: str, record: ProcessRecord) -> str:
    return f"{message}; the end of {record.log}:\n{record.log_tail()}"
