"""Which pods a scale-in would take, and how many can go without taking one that is at work."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from external_task_operator.times import to_seconds

COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"
OUR_COST_ANNOTATION = "hotel.example.com/pod-deletion-cost"
"""Holds the cost that the operator has set, to distinguish it from anybody else's."""

CORDON_ANNOTATION = "hotel.example.com/cordoned-until"
"""Holds the moment (RFC 3339) until which the pod's worker is to fetch no more tasks."""

BUSY_COST = 1000
_MAX_COST = 2**31 - 1
_GONE_PHASES = frozenset({"Succeeded", "Failed"})
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
_TEMPLATE_LABELS = ("pod-template-hash", "rollouts-pod-template-hash")
_PHASE_RANK = {"Pending": 0, "Unknown": 1, "Running": 2}


@dataclass(frozen=True)
class Pod:
    """What matters of a pod when somebody has to go.

    Attributes:
        name: of the pod.
        uid: of the pod; another pod may get the same name later.
        assigned: it has a node.
        phase: Pending, Running, Unknown; or Succeeded, Failed, when it is over.
        ready: it is.
        leaving: it is being deleted.
        cost: its deletion cost, also when somebody else has set it; 0 is the default.
        cost_is_ours: the operator has set it.
        template: what names the pod template that it was made from.
        controller: kind of what made it; empty if nothing did.
        ready_changed: when its readiness last changed, seconds of the epoch; None if that is not known.
        cordoned_until: until when its worker is to fetch nothing, seconds of the epoch; None if not at all.
        created: when it was made, seconds of the epoch; None if that is not known.
        restarts: of its containers.
        problem: what keeps it from running, as the kubelet or the scheduler names it; empty if nothing does.
    """

    name: str
    uid: str = ""
    assigned: bool = True
    phase: str = "Running"
    ready: bool = True
    leaving: bool = False
    cost: int = 0
    cost_is_ours: bool = False
    template: str = ""
    controller: str = ""
    ready_changed: float | None = None
    cordoned_until: float | None = None
    created: float | None = None
    restarts: int = 0
    problem: str = ""

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
    owners: list[Mapping[str, Any]] = metadata.get("ownerReferences") or []
    owner = next((each for each in owners if each.get("controller")), {})
    ready: Mapping[str, Any] = next(
        (each for each in status.get("conditions") or () if each["type"] == "Ready"), {}
    )
    return Pod(
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        assigned=bool(item.get("spec", {}).get("nodeName")),
        phase=status.get("phase", "Unknown"),
        ready=ready.get("status") == "True",
        leaving="deletionTimestamp" in metadata,
        cost=_number(cost),
        cost_is_ours=cost is not None and annotations.get(OUR_COST_ANNOTATION) == cost,
        template=_template(metadata.get("labels") or {}, owner),
        controller=owner.get("kind", ""),
        ready_changed=_moment(ready.get("lastTransitionTime")),
        cordoned_until=_moment(annotations.get(CORDON_ANNOTATION)),
        created=_moment(metadata.get("creationTimestamp")),
        restarts=sum(each.get("restartCount", 0) for each in _containers(status)),
        problem=_problem(status),
    )


def _template(labels: Mapping[str, str], owner: Mapping[str, Any]) -> str:
    for label in _TEMPLATE_LABELS:
        if label in labels:
            return labels[label]
    # Each ReplicaSet has one template, also one that another controller made.
    return str(owner.get("uid", "")) if owner.get("kind") == "ReplicaSet" else ""


def _containers(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _problem(status: Mapping[str, Any]) -> str:
    waiting = [(each.get("state") or {}).get("waiting") or {} for each in _containers(status)]
    reasons = [each.get("reason", "") for each in waiting]
    reasons += [
        each.get("reason", "")
        for each in status.get("conditions") or ()
        if each["type"] == "PodScheduled" and each["status"] == "False"
    ]
    return next((reason for reason in reasons if reason and reason not in _STARTING), "")


def worker_pod(worker_id: str) -> str:
    """Return the pod that a worker id names: what stands before the last colon."""
    return worker_id.rpartition(":")[0]


def holders(worker_id: str, names: Collection[str]) -> Collection[str]:
    """Return the pod that a worker id names, or those that it may name.

    Where a worker id is not ``pod:something``, every pod whose name it starts with counts, which suits
    clients that append a random text to the host name. Rather one pod too many than one too few.
    """
    pod = worker_pod(worker_id)
    return [pod] if pod in names else [name for name in names if worker_id.startswith(name)]


@dataclass
class Locks:
    """The locks that pods hold.

    Attributes:
        all: how many, by pod.
        at_work: those of tasks that have never failed; the others may be waiting for their next try, and then
            nobody works on them.
    """

    all: Counter[str] = field(default_factory=Counter)
    at_work: Counter[str] = field(default_factory=Counter)

    def add(self, pod: str, *, failed_before: bool) -> None:
        """Count a lock."""
        self.all[pod] += 1
        self.at_work[pod] += 0 if failed_before else 1


def costs(pods: Sequence[Pod], staying: Collection[str]) -> dict[str, int | None]:
    """Return the deletion costs to set (None: to remove) so that the others go first; foreign ones stay."""
    highest_foreign = max((pod.cost for pod in pods if pod.cost_is_foreign), default=0)
    cost = min(max(BUSY_COST, highest_foreign + 1), _MAX_COST)
    changes: dict[str, int | None] = {}
    for pod in pods:
        if pod.cost_is_foreign or not pod.active:
            continue
        wanted = cost if pod.name in staying else None
        if wanted != (pod.cost if pod.cost_is_ours else None):
            changes[pod.name] = wanted
    return changes


def taken_like(kind: str, pods: Sequence[Pod]) -> str:
    """Return the kind in whose order a target's pods are taken; empty if that is not known.

    It is Deployment or StatefulSet. Of other kinds, the controllers of the pods tell it: a ReplicaSet takes
    them as that of a Deployment does.

    Args:
        kind: of the target.
        pods: of the target.
    """
    if kind in {"Deployment", "StatefulSet"}:
        return kind
    controllers = {pod.controller for pod in pods if pod.active}
    if controllers == {"ReplicaSet"}:
        return "Deployment"
    return "StatefulSet" if controllers == {"StatefulSet"} else ""


def removable(kind: str, pods: Sequence[Pod], staying: Collection[str], victims: int) -> int:
    """Return how many of the pods can go, up to a number, before one goes that is to stay.

    Args:
        kind: in whose order pods are taken; without one, none goes while any is to stay.
        pods: all pods of the target, with their costs not yet changed.
        staying: those that are at work, or may be.
        victims: how many would go.
    """
    active = [pod for pod in pods if pod.active]
    if not any(pod.name in staying for pod in active):
        return victims
    if kind == "StatefulSet":
        order = sorted(active, key=lambda pod: -ordinal(pod.name))
    elif kind != "Deployment" or rolling_out(active):
        # A roll-out takes from several ReplicaSets at once, another kind in any order: nobody can tell which.
        return 0
    else:
        changes = costs(active, staying)
        order = sorted(active, key=lambda pod: _rank(pod, changes))
    first = 0
    while first < len(order) and order[first].name not in staying:
        first += 1
    return min(victims, first)


def templates(active: Sequence[Pod]) -> set[str]:
    """Return the hashes of the pod templates that pods were made from."""
    return {pod.template for pod in active}


def rolling_out(active: Sequence[Pod]) -> bool:
    """Tell whether pods of more than one template are there."""
    return len(templates(active)) > 1


def _rank(pod: Pod, changes: Mapping[str, int | None]) -> tuple[bool, int, bool, int]:
    # kubernetes, pkg/controller/controller_utils.go, ActivePodsWithRanks: the lowest goes first.
    cost = (changes[pod.name] or 0) if pod.name in changes else pod.cost
    return pod.assigned, _PHASE_RANK.get(pod.phase, 1), pod.ready, cost


def ordinal(name: str) -> int:
    """Return the number at the end of the name of a StatefulSet's pod."""
    return _number(name.rpartition("-")[2])


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0


def _moment(text: str | None) -> float | None:
    try:
        return to_seconds(text) if text else None
    except ValueError:
        return None
