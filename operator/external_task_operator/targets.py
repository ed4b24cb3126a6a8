"""The target of a scaler: reading and changing its replicas, and who else does that."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from external_task_operator import paths
from external_task_operator.cluster import Cluster
from external_task_operator.errors import (
    ClusterError,
    Conflict,
    FailureKind,
    Missing,
    NotAllowed,
    TargetFailure,
)
from external_task_operator.spec import TargetRef

log = logging.getLogger(__name__)

_OWNERS_SECONDS = 30.0

_Owned = dict[tuple[str, str], str]
"""Who scales a target, by its kind and name."""


@dataclass(frozen=True)
class Scale:
    """A target's scale.

    Attributes:
        namespace: of the target.
        ref: the target.
        replicas: what it is told to have.
        actual: pods that it has.
        selector: label selector of its pods.
        version: resourceVersion, so that a change of what was not seen is refused.
    """

    namespace: str
    ref: TargetRef
    replicas: int
    actual: int
    selector: str
    version: str


def read(cluster: Cluster, namespace: str, ref: TargetRef) -> Scale:
    """Read the scale of a target.

    Raises:
        TargetFailure: it does not exist, or the operator may not read it.
        ClusterError: the API server did not tell.
    """
    try:
        scale = cluster.get(paths.scale(namespace, ref))
    except Missing as error:
        message = f"there is no {ref} in namespace {namespace}"
        raise TargetFailure(FailureKind.TARGET_MISSING, message) from error
    except NotAllowed as error:
        raise TargetFailure(FailureKind.TARGET_FORBIDDEN, f"the operator may not read it: {error}") from error
    return _parse(scale, namespace, ref)


def write(cluster: Cluster, scale: Scale, replicas: int) -> None:
    """Change the replicas of a target, if they are still what was seen.

    The target's version changes with its pods' state too; then the change is tried once more.

    Raises:
        TargetFailure: the replicas were changed by somebody else, or the operator may not change them.
        ClusterError: the API server did not tell.
    """
    try:
        try:
            _put(cluster, scale, replicas)
        except Conflict:
            newer = read(cluster, scale.namespace, scale.ref)
            if newer.replicas == replicas:
                return
            if newer.replicas != scale.replicas:
                raise
            _put(cluster, newer, replicas)
    except Conflict as error:
        message = "somebody else changed the replicas at the same time; the next poll decides anew"
        raise TargetFailure(FailureKind.TARGET_CONFLICT, message) from error
    except NotAllowed as error:
        raise TargetFailure(
            FailureKind.TARGET_FORBIDDEN, f"the operator may not scale it: {error}"
        ) from error


def _put(cluster: Cluster, scale: Scale, replicas: int) -> None:
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {
            "name": scale.ref.name,
            "namespace": scale.namespace,
            "resourceVersion": scale.version,
        },
        "spec": {"replicas": replicas},
    }
    cluster.replace(paths.scale(scale.namespace, scale.ref), body)


def _parse(scale: Mapping[str, Any], namespace: str, ref: TargetRef) -> Scale:
    status = scale.get("status", {})
    return Scale(
        namespace=namespace,
        ref=ref,
        replicas=scale.get("spec", {}).get("replicas", 0),
        actual=status.get("replicas", 0),
        selector=status.get("selector", ""),
        version=scale["metadata"]["resourceVersion"],
    )


class Owners:
    """Finds autoscalers of other kinds on the same target. Thread-safe.

    Args:
        cluster: where to look.
        clock: monotonic seconds.
    """

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, _Owned]] = {}

    def refuse_foreign(self, namespace: str, ref: TargetRef) -> None:
        """Make sure that nobody else scales the target; looks anew every half minute.

        Raises:
            TargetFailure: an HPA or a ScaledObject does.
        """
        if owner := self._owners(namespace).get((ref.kind, ref.name)):
            message = f"{owner} scales {ref} too: remove one of the two"
            raise TargetFailure(FailureKind.TARGET_OWNED, message)

    def _owners(self, namespace: str) -> _Owned:
        with self._lock:
            read_at, owners = self._known.get(namespace, (float("-inf"), {}))
            if self._clock() - read_at < _OWNERS_SECONDS:
                return owners
            # KEDA makes an HPA of each ScaledObject, except while it is paused or at 0.
            found = self._targets("ScaledObject", paths.scaled_objects(namespace), owners)
            found |= self._targets("HorizontalPodAutoscaler", paths.autoscalers(namespace), owners)
            self._known[namespace] = (self._clock(), found)
            return found

    def _targets(self, kind: str, path: str, before: _Owned) -> _Owned:
        try:
            return _targets_of(kind, self._cluster.get(path).get("items", []))
        except Missing:
            return {}
        except ClusterError as error:
            log.warning("Other autoscalers cannot be looked for", extra={"path": path, "error": str(error)})
            # Who was there a moment ago still is, as far as is known.
            return {target: owner for target, owner in before.items() if owner.startswith(f"{kind} ")}


def _targets_of(kind: str, items: Iterable[Mapping[str, Any]]) -> _Owned:
    found = {}
    for item in items:
        ref = item.get("spec", {}).get("scaleTargetRef", {})
        found[(ref.get("kind", "Deployment"), ref.get("name", ""))] = f"{kind} {item['metadata']['name']}"
    return found
