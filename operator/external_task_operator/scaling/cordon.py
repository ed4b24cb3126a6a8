"""Chooses the pods to cordon before a scale-in, and the cordoned pods that may be removed.

The engine says which pods are at work now, not which will be when they are terminated. So the pods to remove
are cordoned first: an annotation, which their worker reads, says until when it fetches nothing. A worker that
has ended its tasks reports its pod as not ready; then, if it holds no lock in the engine, the pod may go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from external_task_operator.scaling.pods import Locks, Pod, ordinal

CORDON_SECONDS = 600.0
"""How long a cordon lasts unless it is renewed, so that workers go on when their operator has died."""


@dataclass(frozen=True)
class Cordons:
    """What is to be done before pods are taken away.

    Attributes:
        begin: pods to cordon, or to cordon for longer.
        end: pods whose cordon is to be lifted, because they are to stay.
        leaving: how many pods are, or are to be, cordoned.
        may_go: pods of which it is known, or at least to be believed, that they work on nothing.
    """

    begin: tuple[str, ...]
    end: tuple[str, ...]
    leaving: int
    may_go: frozenset[str]


def plan(
    kind: str, pods: Sequence[Pod], locks: Locks, *, victims: int, patience: float, now: float
) -> Cordons:
    """Choose the pods that are to go.

    Those that are cordoned already are chosen again; then those with the fewest locks. Of a StatefulSet only
    the highest numbers can go.

    Args:
        kind: of the target.
        pods: its pods.
        locks: who holds how many.
        victims: how many pods are to go.
        patience: seconds after which a pod that has not become not ready is judged by its locks alone.
        now: seconds of the epoch.
    """
    active = [pod for pod in pods if pod.active]
    chosen = _choose(kind, active, locks, now)[:victims]
    names = {pod.name for pod in chosen}
    return Cordons(
        begin=tuple(pod.name for pod in chosen if _runs(pod) and not _lasts(pod, now)),
        end=tuple(pod.name for pod in active if pod.cordoned_until is not None and pod.name not in names),
        leaving=len(chosen),
        may_go=frozenset(pod.name for pod in chosen if _may_go(pod, locks, patience, now)),
    )


def _choose(kind: str, active: Sequence[Pod], locks: Locks, now: float) -> Sequence[Pod]:
    if kind == "StatefulSet":
        return sorted(active, key=lambda pod: -ordinal(pod.name))
    return sorted(active, key=lambda pod: (_runs(pod), not _cordoned(pod, now), locks.all.get(pod.name, 0)))


def _may_go(pod: Pod, locks: Locks, patience: float, now: float) -> bool:
    if not _runs(pod):
        return locks.all.get(pod.name, 0) == 0
    if pod.cordoned_until is None or not _cordoned(pod, now):
        return False
    since = pod.cordoned_until - CORDON_SECONDS
    if not pod.ready and pod.ready_changed is not None and pod.ready_changed >= since:
        return locks.at_work.get(pod.name, 0) == 0
    return now - since >= patience and locks.all.get(pod.name, 0) == 0


def _runs(pod: Pod) -> bool:
    return pod.assigned and pod.phase != "Pending"


def _cordoned(pod: Pod, now: float) -> bool:
    return pod.cordoned_until is not None and pod.cordoned_until > now


def _lasts(pod: Pod, now: float) -> bool:
    # One that lasts longer than ours does not tell when it began: it is somebody else's, or a clock was set.
    left = 0.0 if pod.cordoned_until is None else pod.cordoned_until - now
    return CORDON_SECONDS / 2 <= left <= CORDON_SECONDS
