"""Events on scaling and on changes of health; never on a mere poll."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from external_task_operator.control.scaler import Scaler
from external_task_operator.errors import ClusterError
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.spec import GROUP, KIND, VERSION
from external_task_operator.times import to_text

log = logging.getLogger(__name__)

Severity = Literal["Normal", "Warning"]

_COMPONENT = "external-task-operator"
_MESSAGE_LIMIT = 1024
_NAME_LIMIT = 230
_BURST = 25
_REFILL_SECONDS = 300.0
# The API server keeps an event for an hour after its last change.
_SAME_SECONDS = 3000.0
_REMEMBERED = 4096


@dataclass
class _Series:
    """An event that was posted, and how often it has happened since."""

    name: str
    first: str
    count: int
    seen_at: float


class Recorder:
    """Posts events as Kubernetes' own recorder does; a lost event is no reason to stop. Thread-safe.

    The same event again raises the count of the one that is there. Of one object and reason 25 come at once
    and then one every five minutes; what is left out is counted by the next.

    Args:
        cluster: where events go.
        identity: of this operator.
        clock: monotonic seconds.
    """

    def __init__(self, cluster: Cluster, identity: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._identity = identity
        self._clock = clock
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, ...], _Series] = OrderedDict()
        self._allowance: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def about(self, scaler: Scaler, kind: Severity, reason: str, message: str) -> None:
        """Post an event about a scaler."""
        regarding = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "namespace": scaler.namespace,
            "name": scaler.name,
            "uid": scaler.uid,
        }
        self._post(regarding, kind, reason, message[:_MESSAGE_LIMIT])

    def standby(self, namespace: str, holder: str) -> None:
        """Say that this operator does nothing in a namespace, because another one acts there."""
        regarding = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": namespace,
            "name": paths.LEASE_NAME,
        }
        message = f"{self._identity} stands by: {holder} acts in namespace {namespace}"
        self._post(regarding, "Warning", "OperatorStandsBy", message[:_MESSAGE_LIMIT])

    def _post(self, regarding: dict[str, Any], kind: Severity, reason: str, message: str) -> None:
        thing = (regarding["namespace"], regarding["name"], regarding.get("uid", ""), reason)
        now = to_text(time.time())
        with self._lock:
            series = self._count((*thing, message), _name(regarding), now)
            if not self._may_post(thing):
                return
        namespace = regarding["namespace"]
        try:
            if series.count > 1:
                change = {"count": series.count, "lastTimestamp": now}
                self._cluster.patch(paths.event(namespace, series.name), change)
                return
        except ClusterError as error:
            # It has expired, was never posted, or the right to patch is missing: a new one says it too.
            log.debug("An event was not counted up", extra={"reason": reason, "error": str(error)})
            series.name = _name(regarding)
        try:
            self._cluster.create(
                paths.events(namespace), self._event(regarding, kind, reason, message, series)
            )
        except ClusterError as error:
            log.warning("Event not posted", extra={"reason": reason, "error": str(error)})

    def _count(self, key: tuple[str, ...], name: str, now: str) -> _Series:
        series = self._series.get(key)
        if series is None or self._clock() - series.seen_at > _SAME_SECONDS:
            series = self._series[key] = _Series(name, now, 0, self._clock())
        series.count, series.seen_at = series.count + 1, self._clock()
        _keep_newest(self._series, key)
        return series

    def _may_post(self, thing: tuple[str, ...]) -> bool:
        now = self._clock()
        left, at = self._allowance.get(thing, (float(_BURST), now))
        left = min(left + (now - at) / _REFILL_SECONDS, _BURST)
        allowed = left >= 1
        self._allowance[thing] = (left - 1 if allowed else left, now)
        _keep_newest(self._allowance, thing)
        return allowed

    def _event(
        self, regarding: dict[str, Any], kind: Severity, reason: str, message: str, series: _Series
    ) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": series.name, "namespace": regarding["namespace"]},
            "involvedObject": regarding,
            "type": kind,
            "reason": reason,
            "message": message,
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": self._identity,
            "firstTimestamp": series.first,
            "lastTimestamp": to_text(time.time()),
            "count": series.count,
        }


def _name(regarding: dict[str, Any]) -> str:
    return f"{regarding['name'][:_NAME_LIMIT]}.{uuid4().hex[:16]}"


def _keep_newest(known: OrderedDict[tuple[str, ...], Any], key: tuple[str, ...]) -> None:
    known.move_to_end(key)
    while len(known) > _REMEMBERED:
        known.popitem(last=False)
