"""A background thread that notes what has expired and deletes old rows; no answer depends on it."""

import logging
import threading
from typing import Any

from sqlalchemy.orm import Session

from hotel_services.kit.app import Resources
from hotel_services.kit.database.transactions import Database
from hotel_services.kit.http import idempotency
from hotel_services.kit.http.service import AnyService, Sweep
from hotel_services.kit.settings import ServiceSettings

_MOST_BATCHES = 100
log = logging.getLogger(__name__)


def sweep_once(service: AnyService, settings: ServiceSettings, resources: Resources) -> dict[str, int]:
    """Note or delete what has expired now; return how many rows by name."""

    def keys(session: Session, settings: ServiceSettings) -> int:
        return idempotency.sweep(session, settings.idempotency_seconds)

    found: dict[str, int] = {}
    for name, work in {**service.sweeps, "idempotency_keys": keys}.items():
        found[name] = _sweep_all(work, settings, resources.database)
        resources.metrics.swept.labels(name).inc(found[name])
    if any(found.values()):
        log.info("swept", extra={"swept": found})
    resources.database.scrub_if_needed()
    return found


def _sweep_all(work: Sweep[Any], settings: ServiceSettings, database: Database) -> int:
    """Sweep in batches, so that none holds its locks for long; return how many rows in all."""
    found = 0
    for _ in range(_MOST_BATCHES):
        rows = database.write(lambda session: work(session, settings))
        if rows == 0:
            break
        found += rows
    return found


class Sweeper:
    """Sweeps every `sweep_seconds` until it is stopped."""

    def __init__(self, service: AnyService, settings: ServiceSettings, resources: Resources) -> None:
        self._work = (service, settings, resources)
        self._pause = settings.sweep_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Ask the thread to end, and wait for at most `timeout` seconds."""
        self._stop.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                sweep_once(*self._work)
            except Exception:
                # The next sweep may succeed, and no request depends on this one.
                log.warning("sweep failed", exc_info=True)
