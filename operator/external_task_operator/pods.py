"""Which pods a scale-in would take, and how many can go without taking one that is at work."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"
OUR_COST_ANNOTATION = "hotel.example.com/pod-deletion-cost"
"""Holds the cost that the operator has set, so that anybody else's is told apart."""

BUSY_COST = 1000
_MAX_COST = 2**31 - 1
_GONE_PHASES = frozenset({"Succeeded", "Failed"})
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}


@dataclass(frozen=True)
class Pod:
    """What matters of a pod when somebody has to go.

    Attributes:
        name: of the pod.
        assigned: it has a node.
        phase: Pending, Running, Unknown; or Succeeded, Failed, when it is over.
        ready: it is.
        leaving: it is being deleted.
        cost: its deletion cost, whoever set it; 0 is the default.
        cost_is_ours: the operator has set it.
        template: hash of the pod template that it was made from.
    """

    name: str
    assigned: bool = True
    phase: str = "Running"
    ready: bool = True
    leaving: bool = False
    cost: int = 0
    cost_is_ours: bool = False
    template: str = ""

    @property
    def over(self) -> bool:
        """Its processes have ended for good."""
        return self.phase in _GONE_PHASES

    @property
    def active(self) -> bool:
        """It counts as a replica."""
        return not self.leaving and not self.over

    @property
    def cost_is_foreign(self) -> bool:
        """Somebody else has set its deletion cost, which is therefore left alone."""
        return self.cost != 0 and not self.cost_is_ours


def parse(item: Mapping[str, Any]) -> Pod:
    """Read a pod from the API's JSON."""
    metadata, status = item["metadata"], item.get("status", {})
    annotations = metadata.get("annotations") or {}
    cost = annotations.get(COST_ANNOTATION)
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return Pod(
        name=metadata["name"],
        assigned=bool(item.get("spec", {}).get("nodeName")),
        phase=status.get("phase", "Unknown"),
        ready=ready,
        leaving="deletionTimestamp" in metadata,
        cost=_number(cost),
        cost_is_ours=cost is not None and annotations.get(OUR_COST_ANNOTATION) == cost,
        template=(metadata.get("labels") or {}).get("pod-template-hash", ""),
    )


def worker_pod(worker_id: str) -> str:
    """Return the pod that a worker id names: what stands before the last colon."""
    return worker_id.rpartition(":")[0]


def busy(worker_ids: Iterable[str], names: Collection[str]) -> frozenset[str]:
    """Return the pods that hold locks.

    Where a worker id is not ``pod:something``, every pod whose name it starts with counts, which suits
    clients that append a random text to the host name. Rather one pod too many than one too few.
    """
    found: set[str] = set()
    for worker_id in worker_ids:
        pod = worker_pod(worker_id)
        found.update([pod] if pod in names else [name for name in names if worker_id.startswith(name)])
    return frozenset(found)


def costs(pods: Sequence[Pod], busy_names: Collection[str]) -> dict[str, int | None]:
    """Return the deletion costs to set (None: to remove) so that idle pods go first; foreign ones stay."""
    highest_foreign = max((pod.cost for pod in pods if pod.cost_is_foreign), default=0)
    cost = min(max(BUSY_COST, highest_foreign + 1), _MAX_COST)
    changes: dict[str, int | None] = {}
    for pod in pods:
        if pod.cost_is_foreign or not pod.active:
            continue
        wanted = cost if pod.name in busy_names else None
        if wanted != (pod.cost if pod.cost_is_ours else None):
            changes[pod.name] = wanted
    return changes


def removable(kind: str, pods: Sequence[Pod], busy_names: Collection[str], victims: int) -> int:
    """Return how many of the pods can go, up to a number, before one goes that is busy.

    Args:
        kind: of the target; the order in which its controller takes pods depends on it.
        pods: all pods of the target, with their costs not yet changed.
        busy_names: those that hold locks.
        victims: how many would go.
    """
    active = [pod for pod in pods if pod.active]
    if not any(pod.name in busy_names for pod in active):
        return victims
    if kind == "StatefulSet":
        order = sorted(active, key=lambda pod: -_ordinal(pod.name))
    elif len({pod.template for pod in active}) > 1:
        # A roll-out takes from several ReplicaSets at once: nobody can tell which pods.
        return 0
    else:
        order = sorted(active, key=lambda pod: _rank(pod, costs(active, busy_names)))
    idle_first = 0
    while idle_first < len(order) and order[idle_first].name not in busy_names:
        idle_first += 1
    return min(victims, idle_first)


def _rank(pod: Pod, changes: Mapping[str, int | None]) -> tuple[bool, int, bool, int]:
    # kubernetes, pkg/controller/controller_utils.go, ActivePodsWithRanks: the lowest goes first.
    cost = (changes[pod.name] or 0) if pod.name in changes else pod.cost
    return pod.assigned, _PHASE_RANK.get(pod.phase, 1), pod.ready, cost


def _ordinal(name: str) -> int:
    return _number(name.rpartition("-")[2])


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
