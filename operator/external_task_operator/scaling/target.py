"""The target of a scaler: reading and changing its replicas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from external_task_operator.errors import (
    ClusterError,
    Conflict,
    FailureKind,
    Missing,
    NotAllowed,
    NotScalable,
    TargetFailure,
)
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.kubernetes.discovery import Kinds
from external_task_operator.spec import TargetRef


@dataclass(frozen=True)
class Scale:
    """A target's scale.

    Attributes:
        namespace: of the target.
        ref: the target.
        replicas: its spec.replicas.
        actual: pods that it has.
        selector: label selector of its pods.
        version: resourceVersion, so that a change of what was not seen is refused.
        plural: of the target's kind, as URLs have it.
    """

    namespace: str
    ref: TargetRef
    replicas: int
    actual: int
    selector: str
    version: str
    plural: str


def read(cluster: Cluster, kinds: Kinds, namespace: str, ref: TargetRef) -> Scale:
    """Read the scale of a target.

    Raises:
        TargetFailure: it does not exist, or its scale cannot be read.
    """
    try:
        plural = kinds.plural(ref)
        return _read(cluster, namespace, ref, plural)
    except NotScalable as error:
        raise TargetFailure(FailureKind.TARGET_NOT_SCALABLE, str(error)) from error
    except Missing as error:
        message = f"there is no {ref} in namespace {namespace}"
        raise TargetFailure(FailureKind.TARGET_MISSING, message) from error
    except NotAllowed as error:
        raise TargetFailure(FailureKind.TARGET_FORBIDDEN, f"the operator may not read it: {error}") from error
    except ClusterError as error:
        raise TargetFailure(FailureKind.GET_SCALE_FAILED, f"reading the scale: {error}") from error


def write(cluster: Cluster, scale: Scale, replicas: int) -> None:
    """Change the replicas of a target, if they are still what was seen.

    The target's version changes with its pods' state too; then the change is tried once more.

    Raises:
        TargetFailure: the replicas were not changed; it says why.
    """
    try:
        try:
            _put(cluster, scale, replicas)
        except Conflict:
            newer = _read(cluster, scale.namespace, scale.ref, scale.plural)
            if newer.replicas == replicas:
                return
            if newer.replicas != scale.replicas:
                raise
            _put(cluster, newer, replicas)
    except Conflict as error:
        message = "somebody else changed the replicas at the same time; the next poll decides again"
        raise TargetFailure(FailureKind.TARGET_CONFLICT, message) from error
    except NotAllowed as error:
        raise TargetFailure(
            FailureKind.TARGET_FORBIDDEN, f"the operator may not scale it: {error}"
        ) from error
    except ClusterError as error:
        # Not only a server that is down: a policy or a webhook may refuse this one object.
        raise TargetFailure(FailureKind.UPDATE_SCALE_FAILED, f"changing the scale: {error}") from error


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
    cluster.replace(paths.scale(scale.namespace, scale.ref, scale.plural), body)


def _read(cluster: Cluster, namespace: str, ref: TargetRef, plural: str) -> Scale:
    scale = cluster.get(paths.scale(namespace, ref, plural))
    try:
        return _parse(scale, namespace, ref, plural)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # An API server that is added to the cluster's own may answer anything.
        raise ClusterError(f"the scale of {ref} is not what an API server answers") from error


def _parse(scale: Mapping[str, Any], namespace: str, ref: TargetRef, plural: str) -> Scale:
    status = scale.get("status") or {}
    return Scale(
        namespace=namespace,
        ref=ref,
        replicas=int((scale.get("spec") or {}).get("replicas", 0)),
        actual=int(status.get("replicas", 0)),
        selector=str(status.get("selector") or ""),
        version=scale["metadata"]["resourceVersion"],
        plural=plural,
    )
