"""Waiting until the parts of the stack can do their work."""

import time
from collections.abc import Callable, Sequence

import urllib3

from hotel.errors import StackError
from hotel.processes import ProcessRecord

ANSWER_SECONDS = 3.0
"""How long a part may take to answer a question about its health."""

_POLL_SECONDS = 0.1
_REPORT_SECONDS = 10.0
_OK = 200


def wait_until_healthy(
    parts: Sequence[tuple[ProcessRecord, str]],
    *,
    seconds: float,
    report: Callable[[str], None] | None = None,
) -> None:
    """Return when each process answers 200 at its readiness URL.

    Args:
        parts: processes with their readiness URLs.
        seconds: how long all of them together may take.
        report: is called with each part that is ready, and every ten seconds with those that are awaited.

    Raises:
        StackError: a process ended, or was not ready in time; with the end of its log.
    """
    with urllib3.PoolManager(timeout=ANSWER_SECONDS, retries=False) as pool:
        _Wait(pool, parts, seconds, report or (lambda _: None)).until_all_ready()


def is_healthy(pool: urllib3.PoolManager, url: str) -> bool:
    """Return whether a readiness URL answers 200 now."""
    try:
        return pool.request("GET", url).status == _OK
    except urllib3.exceptions.HTTPError:
        return False


class _Wait:
    def __init__(
        self,
        pool: urllib3.PoolManager,
        parts: Sequence[tuple[ProcessRecord, str]],
        seconds: float,
        report: Callable[[str], None],
    ) -> None:
        self._pool = pool
        self._waiting = list(parts)
        self._seconds = seconds
        self._report = report
        self._began = time.monotonic()
        self._next_report = _REPORT_SECONDS
        self._looked = False

    def until_all_ready(self) -> None:
        while True:
            self._waiting = [part for part in self._waiting if not self._is_ready(*part)]
            if not self._waiting:
                return
            self._looked = True
            self._check_still_possible()
            time.sleep(_POLL_SECONDS)

    def _is_ready(self, record: ProcessRecord, url: str) -> bool:
        ready = is_healthy(self._pool, url)
        # What is ready at the first look was not waited for.
        if ready and self._looked:
            self._report(f"  {record.name} is ready after {self._passed():.1f} s")
        return ready

    def _check_still_possible(self) -> None:
        for record, _ in self._waiting:
            if not record.is_running():
                raise StackError(_with_log(f"{record.name} ended while it was starting", record))
        if self._passed() > self._seconds:
            first = self._waiting[0][0]
            raise StackError(_with_log(f"{first.name} was not ready within {self._seconds:.0f} s", first))
        if self._passed() > self._next_report:
            names = ", ".join(record.name for record, _ in self._waiting)
            self._report(f"  waiting for {names}, {self._passed():.0f} s so far")
            self._next_report += _REPORT_SECONDS

    def _passed(self) -> float:
        return time.monotonic() - self._began


def _with_log(message: str, record: ProcessRecord) -> str:
    return f"{message}; the end of {record.log}:\n{record.log_tail()}"
