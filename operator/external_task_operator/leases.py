"""One operator acts in a namespace: a Lease in that namespace says which.

The rules are those of client-go's leader election: a lease has run out when it has not changed for its
duration by the observer's own clock, and its holder stops well before that if it cannot renew it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from external_task_operator import paths
from external_task_operator.cluster import Cluster
from external_task_operator.errors import ClusterError, ClusterUnreachable, Conflict, Missing
from external_task_operator.times import to_micro_text

log = logging.getLogger(__name__)


@dataclass
class _Lease:
    version: str = ""
    holder: str = ""
    seconds: float = 0
    changed_at: float = float("-inf")
    held_until: float = float("-inf")


class Leases:
    """The leases of all namespaces that have scalers. Thread-safe.

    Args:
        cluster: where leases are.
        identity: who holds them.
        seconds: how long a lease lasts after its renewal.
        clock: monotonic seconds.
        on_standby: told namespace and holder when another operator turns out to act in a namespace.
    """

    def __init__(
        self,
        cluster: Cluster,
        identity: str,
        *,
        seconds: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        on_standby: Callable[[str, str], None] = lambda namespace, holder: None,  # noqa: ARG005 - nobody listens
    ) -> None:
        self._cluster = cluster
        self._identity = identity
        self._seconds = seconds
        self._clock = clock
        self._on_standby = on_standby
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def holds(self, namespace: str) -> bool:
        """Tell whether this operator may act in a namespace now."""
        lease = self._leases.get(namespace)
        return lease is not None and self._clock() < lease.held_until

    def standbys(self) -> dict[str, str]:
        """Return who acts instead, by namespace."""
        leases = dict(self._leases)
        return {namespace: lease.holder for namespace, lease in leases.items() if not self.holds(namespace)}

    def held(self) -> list[str]:
        """Return the namespaces in which this operator acts."""
        return [namespace for namespace in list(self._leases) if self.holds(namespace)]

    def tend(self, namespaces: Collection[str]) -> None:
        """Take or renew the leases of namespaces; to be called several times within the leases' duration."""
        with self._lock:
            for namespace in self._leases.keys() - set(namespaces):
                self._give_back(namespace, self._leases.pop(namespace))
            for namespace in namespaces:
                if not self._tend(namespace, self._leases.setdefault(namespace, _Lease())):
                    break

    def release(self) -> None:
        """Give all leases back, so that the next operator need not wait for them to run out."""
        with self._lock:
            for namespace, lease in self._leases.items():
                self._give_back(namespace, lease)
            self._leases.clear()

    def _tend(self, namespace: str, lease: _Lease) -> bool:
        """Take or renew a lease; returns whether it makes sense to go on with the next."""
        try:
            if lease.holder != self._identity:
                self._look(namespace, lease)
            if lease.holder in {"", self._identity} or self._ran_out(lease):
                self._take(namespace, lease)
        except (Conflict, Missing):
            # Somebody was faster, or has deleted it. Until the next look it is not this operator's.
            lease.holder, lease.held_until = "?", float("-inf")
        except ClusterError as error:
            log.warning("The lease cannot be tended", extra={"namespace": namespace, "error": str(error)})
            return not isinstance(error, ClusterUnreachable)
        return True

    def _look(self, namespace: str, lease: _Lease) -> None:
        try:
            found = self._cluster.get(paths.lease(namespace))
        except Missing:
            lease.holder, lease.version = "", ""
            return
        spec, version = found.get("spec") or {}, found["metadata"]["resourceVersion"]
        holder = spec.get("holderIdentity") or ""
        if version != lease.version:
            lease.version, lease.changed_at = version, self._clock()
        if holder not in {lease.holder, "", self._identity}:
            log.warning(
                "Another operator acts here, this one stands by",
                extra={"namespace": namespace, "holder": holder},
            )
            self._on_standby(namespace, holder)
        lease.holder, lease.seconds = holder, spec.get("leaseDurationSeconds") or self._seconds

    def _ran_out(self, lease: _Lease) -> bool:
        return self._clock() - lease.changed_at >= lease.seconds

    def _take(self, namespace: str, lease: _Lease) -> None:
        asked_at = self._clock()
        body = self._body(namespace, lease.version, self._identity)
        if lease.version:
            taken = self._cluster.replace(paths.lease(namespace), body)
        else:
            taken = self._cluster.create(paths.leases(namespace), body)
        if lease.holder != self._identity:
            log.info("This operator acts here", extra={"namespace": namespace})
        lease.version, lease.holder = taken["metadata"]["resourceVersion"], self._identity
        lease.held_until = asked_at + self._seconds * 2 / 3

    def _give_back(self, namespace: str, lease: _Lease) -> None:
        lease.held_until = float("-inf")
        if lease.holder != self._identity:
            return
        try:
            self._cluster.replace(paths.lease(namespace), self._body(namespace, lease.version, ""))
        except ClusterError as error:
            log.info("The lease was not given back", extra={"namespace": namespace, "error": str(error)})

    def _body(self, namespace: str, version: str, holder: str) -> Mapping[str, Any]:
        metadata = {"name": paths.LEASE_NAME, "namespace": namespace}
        if version:
            metadata["resourceVersion"] = version
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": round(self._seconds),
                "renewTime": to_micro_text(time.time()),
            },
        }
