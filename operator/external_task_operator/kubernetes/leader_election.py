"""One operator acts in a namespace: a Lease in that namespace says which.

The rules are those of client-go's leader election: a lease has run out when it has not changed for its
duration by the observer's own clock, and its holder stops well before that if it cannot renew it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from external_task_operator.errors import ClusterError, Conflict, Missing
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.times import to_micro_text

log = logging.getLogger(__name__)

LEASE_THREADS = 16


@dataclass
class _Lease:
    version: str = ""
    holder: str = ""
    seconds: float = 0
    changed_at: float = float("-inf")
    held_until: float = float("-inf")
    call: "Future[None] | None" = None
    failing: bool = False


class Leases:
    """The leases of all namespaces that have scalers. Thread-safe.

    Args:
        cluster: where leases are.
        identity: who holds them.
        seconds: how long a lease lasts after its renewal.
        threads: calls that are under way at a time, so that many namespaces are served in time and one whose
            calls hang holds up no other.
        clock: monotonic seconds.
        on_standby: called with namespace and holder when another operator turns out to act in a namespace.
    """

    def __init__(
        self,
        cluster: Cluster,
        identity: str,
        *,
        seconds: float = 15.0,
        threads: int = LEASE_THREADS,
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
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lease")
        self._answered_at = clock()

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

    def silence(self) -> float:
        """Return for how many seconds no call about a lease has ended although some are to be made."""
        return self._clock() - self._answered_at

    def acquire_or_renew(self, namespaces: Collection[str], patience: float | None = None) -> None:
        """Take or renew the leases of namespaces; to be called several times within the leases' duration.

        Args:
            namespaces: all that have scalers; the leases of others are given back.
            patience: seconds to wait for the calls; those that take longer go on meanwhile. None: for all.
        """
        with self._lock:
            for namespace in self._leases.keys() - set(namespaces):
                self._pool.submit(self._give_back, namespace, self._leases.pop(namespace))
            for namespace in namespaces:
                lease = self._leases.setdefault(namespace, _Lease())
                if lease.call is None or lease.call.done():
                    lease.call = self._pool.submit(self._acquire_or_renew, namespace, lease)
            calls = [lease.call for lease in self._leases.values() if lease.call]
        if not calls:
            self._answered_at = self._clock()
        wait(calls, timeout=patience)

    def release(self) -> None:
        """Give all leases back, so that the next operator need not wait for them to run out."""
        with self._lock:
            leases, self._leases = self._leases, {}
        wait([self._pool.submit(self._give_back, *item) for item in leases.items()])

    def close(self) -> None:
        """End all threads."""
        self._pool.shutdown(cancel_futures=True)

    def _acquire_or_renew(self, namespace: str, lease: _Lease) -> None:
        try:
            self._try(namespace, lease)
        except Exception:
            # A namespace of its own: whatever it was, the others go on, and the next round tries again.
            log.exception("Lease not renewed: unexpected error", extra={"namespace": namespace})
        finally:
            self._answered_at = self._clock()

    def _try(self, namespace: str, lease: _Lease) -> None:
        try:
            if lease.holder != self._identity:
                self._look(namespace, lease)
            if lease.holder in {"", self._identity} or self._ran_out(lease):
                self._take(namespace, lease)
        except (Conflict, Missing):
            # Somebody was faster, or has deleted it. Until the next look it is not this operator's.
            lease.holder, lease.held_until = "?", float("-inf")
        except ClusterError as error:
            if not lease.failing:
                log.warning("Lease not renewed", extra={"namespace": namespace, "error": str(error)})
            lease.failing = True
        else:
            lease.failing = False

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
        if lease.call is not None:
            # It was submitted earlier, so it ends: a renewal afterwards would take the lease again.
            wait([lease.call])
        lease.held_until = float("-inf")
        if lease.holder != self._identity:
            return
        try:
            self._cluster.replace(paths.lease(namespace), self._body(namespace, lease.version, ""))
        except ClusterError as error:
            log.info("Lease not given back", extra={"namespace": namespace, "error": str(error)})

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
