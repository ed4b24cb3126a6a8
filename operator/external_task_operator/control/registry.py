"""All known scalers, and which are due."""

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from external_task_operator.control.scaler import Revision, Scaler
from external_task_operator.control.schedule import spread
from external_task_operator.engine.allowed import EVERY_ENGINE, AllowedEngines
from external_task_operator.engine.connections import key_of
from external_task_operator.errors import FailureKind, InvalidSpec
from external_task_operator.policy.observation import Failure
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec, annotations_of, parse
from external_task_operator.status import persistence

_HURRY_SECONDS = 1.0
"""Time between two looks at a scaler that were asked for out of turn."""

_CORDON_LOOKS = 5
"""How many looks an interval has while pods are cordoned for a scale-in."""


class Registry:
    """All scalers. Thread-safe.

    Args:
        identity: of this operator; a history that another operator has written is read again.
        allowed: the engines that scalers may name.
        clock: monotonic seconds.
        wall: seconds of the epoch.

    Attributes:
        watched: whether scalers are watched at the moment, by namespace; ``*`` is the whole cluster.
    """

    def __init__(
        self,
        identity: str,
        allowed: AllowedEngines = EVERY_ENGINE,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._allowed = allowed
        self._clock = clock
        self._wall = wall
        self.watched: dict[str, bool] = {}
        self._scalers: dict[tuple[str, str], Scaler] = {}
        self._lock = threading.RLock()
        self._leftovers: list[Scale] = []
        self._abandoned: list[Scaler] = []
        self._stale = False
        self._first_on_target: dict[tuple[str, ...], Scaler] = {}
        self._by_topic: dict[str, list[Scaler]] = {}

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
                if known.annotated is not None:
                    self._leftovers.append(known.annotated)
                if known.spec is not None and known.spec.take_over:
                    self._abandoned.append(known)

    def all(self) -> list[Scaler]:
        """Return all scalers."""
        with self._lock:
            return list(self._scalers.values())

    def namespaces(self) -> set[str]:
        """Return the namespaces that have scalers, or something left over of one."""
        with self._lock:
            left = {each.namespace for each in self._leftovers}
            left |= {scaler.namespace for scaler in self._abandoned}
            return {namespace for namespace, _ in self._scalers} | left

    def knows(self, scaler: Scaler) -> bool:
        """Tell whether a scaler still exists."""
        return self._scalers.get((scaler.namespace, scaler.name)) is scaler

    def older(self, scaler: Scaler) -> Scaler | None:
        """Return the older scaler of the same target, if there is one: only the oldest acts."""
        self._refresh()
        first = self._first_on_target.get(scaler.target)
        return None if first is None or first is scaler else first

    def take_leftovers(self, may_act: Callable[[str], bool]) -> list[Scale]:
        """Return the targets of deleted scalers whose pods may carry annotations of nobody else."""
        with self._lock:
            taken = [left for left in self._leftovers if may_act(left.namespace)]
            self._leftovers = [left for left in self._leftovers if left not in taken]
        targets = {scaler.target for scaler in self.all()}
        return [left for left in taken if (left.namespace, *left.ref.key) not in targets]

    def put_leftover(self, scale: Scale) -> None:
        """Keep a target whose pods could not be cleaned up."""
        with self._lock:
            self._leftovers.append(scale)

    def take_abandoned(self, may_act: Callable[[str], bool]) -> list[Scaler]:
        """Return the deleted scalers whose targets are to be given back."""
        with self._lock:
            taken = [scaler for scaler in self._abandoned if may_act(scaler.namespace)]
            self._abandoned = [scaler for scaler in self._abandoned if scaler not in taken]
        return taken

    def put_abandoned(self, scaler: Scaler) -> None:
        """Keep a deleted scaler whose target could not be given back."""
        with self._lock:
            self._abandoned.append(scaler)

    def due(self, now: float) -> dict[str, list[Scaler]]:
        """Return the scalers to poll now, the longest overdue first, by engine."""
        self._refresh()
        waiting = [scaler for scaler in self.all() if scaler.due <= now and not scaler.polling]
        by_engine: dict[str, list[Scaler]] = {}
        for scaler in sorted(waiting, key=lambda scaler: scaler.due):
            by_engine.setdefault(scaler.engine_key, []).append(scaler)
        return by_engine

    def hurry(self, topics: Collection[str]) -> int:
        """Make the scalers of topics due out of turn, each at most once a second; return their number."""
        self._refresh()
        now = self._clock()
        with self._lock:
            found = {scaler.uid: scaler for topic in topics for scaler in self._by_topic.get(topic, ())}
            for scaler in found.values():
                at = max(now, scaler.hurried + _HURRY_SECONDS)
                if scaler.polling and at < scaler.hurry:
                    # What is under way may have counted before the task was there.
                    scaler.hurry = scaler.hurried = at
                elif not scaler.polling and at < scaler.due:
                    scaler.due = scaler.hurried = at
        return len(found)

    def reschedule(self, scaler: Scaler, now: float) -> None:
        """Set when a scaler is due next: at its phase of the interval, never twice for what was missed."""
        with self._lock:
            offset = scaler.phase * scaler.interval
            beats = math.floor((now - offset) / scaler.interval) + 1
            due = beats * scaler.interval + offset
            if scaler.awaits_cordoned:
                # What comes now waits for the pods that are cordoned, if no others are left.
                due = min(due, now + scaler.interval / _CORDON_LOOKS)
            scaler.due = now if scaler.again else min(due, scaler.hurry)
            scaler.again, scaler.hurry = False, float("inf")
            scaler.polling = False

    def _new(self, resource: Mapping[str, Any]) -> Scaler:
        metadata, status = resource["metadata"], dict(resource.get("status") or {})
        spec, invalid = self._read(resource)
        return Scaler(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            created=metadata.get("creationTimestamp", ""),
            revision=_revision(resource),
            spec=spec,
            invalid=invalid,
            engine_key=key_of(metadata["namespace"], spec.engine) if spec else "",
            history=persistence.load(status, self._wall()),
            status=status,
            due=self._clock(),
        )

    def _update(self, known: Scaler, resource: Mapping[str, Any]) -> bool:
        revision = _revision(resource)
        if revision == known.revision:
            return False  # a status that was written, as most often
        spec, invalid = self._read(resource)
        # A new generation may say the same in other words; it has been observed all the same.
        known.revision = revision
        if (spec, invalid) == (known.spec, known.invalid):
            return False
        known.spec, known.invalid = spec, invalid
        known.engine_key = key_of(known.namespace, spec.engine) if spec else ""
        # Whatever the change is about, pods may carry what the old spec asked for.
        known.annotations_left = True
        known.due, known.again = self._clock(), known.polling
        self._stale = True
        return True

    def _read(self, resource: Mapping[str, Any]) -> tuple[ScalerSpec | None, Failure | None]:
        try:
            spec = parse(resource)
        except InvalidSpec as error:
            return None, Failure(FailureKind.INVALID_SPEC, str(error))
        # For each scaler by itself, as connections are shared over namespaces.
        for field, url in spec.engine.urls.items():
            if not self._allowed.allows(url, resource["metadata"]["namespace"]):
                return None, Failure(FailureKind.ENGINE_NOT_ALLOWED, self._allowed.refusal(url, field))
        return spec, None

    def _refresh(self) -> None:
        if not self._stale:
            return
        with self._lock:
            self._stale = False
            scalers = self.all()
            spread(scalers)
            oldest_last = sorted(scalers, key=lambda scaler: (scaler.created, scaler.name), reverse=True)
            self._first_on_target = {scaler.target: scaler for scaler in oldest_last if scaler.spec}
            by_topic: dict[str, list[Scaler]] = {}
            for scaler in scalers:
                for topic in scaler.spec.topics if scaler.spec else ():
                    by_topic.setdefault(topic, []).append(scaler)
            self._by_topic = by_topic


def _revision(resource: Mapping[str, Any]) -> Revision:
    return resource["metadata"]["generation"], annotations_of(resource)
