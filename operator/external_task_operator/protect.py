"""Scale-in that takes idle pods first and stops before the first busy one."""

import logging
from collections.abc import Sequence

from external_tasks.engine import EngineClient

from external_task_operator import paths
from external_task_operator.cluster import Cluster
from external_task_operator.decision import Decision
from external_task_operator.errors import ClusterError, EngineFailure, Missing
from external_task_operator.observe import locked_tasks
from external_task_operator.pods import (
    COST_ANNOTATION,
    OUR_COST_ANNOTATION,
    Pod,
    busy,
    costs,
    parse,
    removable,
)
from external_task_operator.spec import ScalerSpec
from external_task_operator.targets import Scale

log = logging.getLogger(__name__)


def list_pods(cluster: Cluster, scale: Scale) -> list[Pod]:
    """Return the pods of a target.

    Raises:
        ClusterError: the API server did not tell.
    """
    listed = cluster.get(paths.pods(scale.namespace), {"labelSelector": scale.selector})
    return [parse(item) for item in listed["items"]]


def spare_busy_pods(
    decision: Decision, scale: Scale, cluster: Cluster, engine: EngineClient, spec: ScalerSpec
) -> Decision:
    """Cut a scale-in to what idle pods can give, and mark the busy ones so that those go last.

    What cannot be known is taken to be busy. Only ``maxReplicaCount`` is stronger than a pod at work.
    """
    spared = _spared(decision, scale, cluster, engine, spec)
    if spared.replicas > spec.max_replica_count:
        why = f"maxReplicaCount is {spec.max_replica_count}, so that busy pods may go too"
        return decision.spared(spec.max_replica_count, why)
    return spared


def _spared(
    decision: Decision, scale: Scale, cluster: Cluster, engine: EngineClient, spec: ScalerSpec
) -> Decision:
    try:
        holders = [task.worker_id for task in locked_tasks(engine, spec.topics)]
        pods = list_pods(cluster, scale)
    except (EngineFailure, ClusterError) as error:
        return decision.spared(decision.current, f"which pods are busy cannot be told: {error}")
    active = [pod for pod in pods if pod.active]
    busy_names = busy(holders, {pod.name for pod in active})
    victims = len(active) - decision.replicas
    if victims <= 0:
        return decision
    gone = removable(scale.ref.kind, pods, busy_names, victims)
    some_go = gone > 0 or scale.replicas > spec.max_replica_count
    if some_go and scale.ref.kind == "Deployment" and not _mark(cluster, scale, pods, busy_names):
        gone = 0
    if gone == victims:
        return decision
    replicas = min(decision.current, len(active) - gone)
    return decision.spared(replicas, f"{len(busy_names)} of {len(active)} pods hold locks")


def unmark(cluster: Cluster, scale: Scale) -> None:
    """Remove the deletion costs that the operator has set.

    Raises:
        ClusterError: the API server did not tell or did not do it.
    """
    pods = [pod for pod in list_pods(cluster, scale) if pod.cost_is_ours and not pod.leaving]
    for pod in pods:
        _annotate(cluster, scale.namespace, pod.name, None)


def _mark(cluster: Cluster, scale: Scale, pods: Sequence[Pod], busy_names: frozenset[str]) -> bool:
    try:
        for name, cost in costs(pods, busy_names).items():
            _annotate(cluster, scale.namespace, name, cost)
    except ClusterError as error:
        log.warning("Busy pods cannot be marked", extra={"namespace": scale.namespace, "error": str(error)})
        return False
    return True


def _annotate(cluster: Cluster, namespace: str, name: str, cost: int | None) -> None:
    value = None if cost is None else str(cost)
    body = {"metadata": {"annotations": {COST_ANNOTATION: value, OUR_COST_ANNOTATION: value}}}
    try:
        cluster.patch(paths.pod(namespace, name), body)
    except Missing:
        log.debug("A pod was gone before it could be marked", extra={"namespace": namespace, "pod": name})
