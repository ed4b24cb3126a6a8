"""The scalers that there are, and which are due."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from external_task_operator import persistence
from external_task_operator.engines import key_of
from external_task_operator.errors import FailureKind, InvalidSpec
from external_task_operator.observation import Failure
from external_task_operator.phases import spread
from external_task_operator.scaler import Scaler
from external_task_operator.spec import PAUSED_ANNOTATION, ScalerSpec, parse

_CORDON_LOOKS = 5
"""How many looks an interval has while pods are cordoned for a scale-in."""


class Registry:
    """All scalers. Thread-safe.

    Args:
        identity: of this operator; histories that others have written are read anew.
        clock: monotonic seconds.
        wall: seconds of the epoch.
    """

    def __init__(
        self,
        identity: str,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._wall = wall
        self._scalers: dict[tuple[str, str], Scaler] = {}
        self._lock = threading.RLock()
        self._stale = False
        self._first_on_target: dict[tuple[str, str, str], Scaler] = {}

    def put(self, resource: Mapping[str, Any]) -> bool:
        """Take note of a scaler as it is now; returns whether there is something new to act on."""
        metadata = resource["metadata"]
        key = metadata["namespace"], metadata["name"]
        with self._lock:
            known = self._scalers.get(key)
            if known is None or known.uid != metadata["uid"]:
                self._scalers[key] = self._new(resource)
                self._stale = True
                return True
            status = resource.get("status") or {}
            if status.get("operator") not in {None, self._identity}:
                known.history, known.status = persistence.load(status, self._wall()), dict(status)
            return self._update(known, resource)

    def drop(self, namespace: str, name: str, uid: str | None = None) -> None:
        """Forget a scaler; with a uid only if it is that very object."""
        with self._lock:
            known = self._scalers.get((namespace, name))
            if known is not None and uid in {None, known.uid}:
                del self._scalers[namespace, name]
                self._stale = True

    def all(self) -> list[Scaler]:
        """Return all scalers."""
        with self._lock:
            return list(self._scalers.values())

    def namespaces(self) -> set[str]:
        """Return the namespaces that have scalers."""
        with self._lock:
            return {namespace for namespace, _ in self._scalers}

    def knows(self, scaler: Scaler) -> bool:
        """Tell whether a scaler still exists."""
        return self._scalers.get((scaler.namespace, scaler.name)) is scaler

    def rival(self, scaler: Scaler) -> Scaler | None:
        """Return the older scaler of the same target, if there is one: only the oldest acts."""
        self._refresh()
        first = self._first_on_target.get(scaler.target)
        return None if first is None or first is scaler else first

    def due(self, now: float) -> dict[str, list[Scaler]]:
        """Return the scalers to poll now, the longest overdue first, by engine."""
        self._refresh()
        waiting = [scaler for scaler in self.all() if scaler.due <= now and not scaler.polling]
        by_engine: dict[str, list[Scaler]] = {}
        for scaler in sorted(waiting, key=lambda scaler: scaler.due):
            by_engine.setdefault(scaler.engine_key, []).append(scaler)
        return by_engine

    def reschedule(self, scaler: Scaler, now: float) -> None:
        """Set when a scaler is due next: at its phase of the interval, never twice for what was missed."""
        with self._lock:
            offset = scaler.phase * scaler.interval
            beats = math.floor((now - offset) / scaler.interval) + 1
            due = beats * scaler.interval + offset
            if scaler.awaits_rest:
                # What comes now waits for the pods that are cordoned, if no others are left.
                due = min(due, now + scaler.interval / _CORDON_LOOKS)
            scaler.due = now if scaler.again else due
            scaler.again = False
            scaler.polling = False

    def _new(self, resource: Mapping[str, Any]) -> Scaler:
        metadata, status = resource["metadata"], dict(resource.get("status") or {})
        spec, invalid = _read(resource)
        return Scaler(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            created=metadata.get("creationTimestamp", ""),
            marks=_marks(resource),
            spec=spec,
            invalid=invalid,
            engine_key=key_of(metadata["namespace"], spec.engine) if spec else "",
            history=persistence.load(status, self._wall()),
            status=status,
            due=self._clock(),
        )

    def _update(self, known: Scaler, resource: Mapping[str, Any]) -> bool:
        marks = _marks(resource)
        if marks == known.marks:
            return False  # a status that was written, as most often
        spec, invalid = _read(resource)
        # A new generation may say the same in other words; it has been observed all the same.
        known.marks = marks
        if (spec, invalid) == (known.spec, known.invalid):
            return False
        known.spec, known.invalid = spec, invalid
        known.engine_key = key_of(known.namespace, spec.engine) if spec else ""
        known.due, known.again = self._clock(), known.polling
        self._stale = True
        return True

    def _refresh(self) -> None:
        if not self._stale:
            return
        with self._lock:
            self._stale = False
            scalers = self.all()
            spread(scalers)
            oldest_last = sorted(scalers, key=lambda scaler: (scaler.created, scaler.name), reverse=True)
            self._first_on_target = {scaler.target: scaler for scaler in oldest_last if scaler.spec}


def _marks(resource: Mapping[str, Any]) -> tuple[int, str | None]:
    metadata = resource["metadata"]
    return metadata["generation"], (metadata.get("annotations") or {}).get(PAUSED_ANNOTATION)


def _read(resource: Mapping[str, Any]) -> tuple[ScalerSpec | None, Failure | None]:
    try:
        return parse(resource), None
    except InvalidSpec as error:
        return None, Failure(FailureKind.INVALID_SPEC, str(error))
