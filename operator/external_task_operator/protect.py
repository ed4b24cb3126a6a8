"""Scale-in that takes idle pods first and stops before the first that is, or may be, at work."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from external_tasks.engine import EngineClient

from external_task_operator import cordon, paths
from external_task_operator.cluster import Cluster
from external_task_operator.decision import Decision, Reason
from external_task_operator.errors import ClusterError, EngineFailure, Missing
from external_task_operator.observe import locked_tasks
from external_task_operator.pods import (
    CORDON_ANNOTATION,
    COST_ANNOTATION,
    OUR_COST_ANNOTATION,
    Locks,
    Pod,
    costs,
    holders,
    parse,
    removable,
    rolling_out,
)
from external_task_operator.spec import ScalerSpec
from external_task_operator.targets import Scale
from external_task_operator.times import to_text

log = logging.getLogger(__name__)

Annotations = dict[str, str | None]


def list_pods(cluster: Cluster, scale: Scale) -> list[Pod]:
    """Return the pods of a target.

    Raises:
        ClusterError: the API server did not tell.
    """
    listed = cluster.get(paths.pods(scale.namespace), {"labelSelector": scale.selector})
    return [parse(item) for item in listed["items"]]


def spare_busy_pods(
    decision: Decision, scale: Scale, cluster: Cluster, engine: EngineClient, spec: ScalerSpec, now: float
) -> Decision:
    """Cut a scale-in to what idle pods can give, and mark the others so that those go last.

    With ``cordonSeconds`` a pod is idle when it was told to take no more tasks and has ended those it had.
    What cannot be known is taken to be busy. Only ``maxReplicaCount`` is stronger than a pod at work.
    """
    spared = _ScaleIn(scale, cluster, engine, spec, now).spare(decision)
    if spared.replicas > spec.max_replica_count:
        why = f"maxReplicaCount is {spec.max_replica_count}, so that busy pods may go too"
        return decision.spared(spec.max_replica_count, why)
    return spared


def unmark(cluster: Cluster, scale: Scale) -> None:
    """Remove the deletion costs that the operator has set, and the cordons.

    Raises:
        ClusterError: the API server did not tell or did not do it.
    """
    for pod in list_pods(cluster, scale):
        if pod.leaving:
            continue
        if pod.cost_is_ours:
            _annotate(cluster, scale.namespace, pod.name, _cost(None))
        if pod.cordoned_until is not None:
            _annotate(cluster, scale.namespace, pod.name, {CORDON_ANNOTATION: None})


@dataclass(frozen=True)
class _ScaleIn:
    scale: Scale
    cluster: Cluster
    engine: EngineClient
    spec: ScalerSpec
    now: float

    def spare(self, decision: Decision) -> Decision:
        try:
            pods = [pod for pod in list_pods(self.cluster, self.scale) if pod.active]
            locks = self._locks({pod.name for pod in pods})
        except (EngineFailure, ClusterError) as error:
            return decision.spared(decision.current, f"which pods are busy cannot be told: {error}")
        victims = len(pods) - decision.replicas
        if victims <= 0:
            return decision
        if self.spec.cordon_seconds and not rolling_out(pods):
            return self._take_cordoned(decision, pods, locks, victims)
        why = f"{len(locks.all)} of {len(pods)} pods hold locks"
        return self._take(decision, pods, set(locks.all), victims, why, Reason.BUSY_PODS)

    def _locks(self, names: Collection[str]) -> Locks:
        locks = Locks()
        for task in locked_tasks(self.engine, self.spec.topics):
            for pod in holders(task.worker_id, names):
                locks.add(pod, failed_before=task.failed_before)
        return locks

    def _take_cordoned(self, decision: Decision, pods: Sequence[Pod], locks: Locks, victims: int) -> Decision:
        cordons = cordon.plan(
            self.scale.ref.kind,
            pods,
            locks,
            victims=victims,
            patience=self.spec.cordon_seconds,
            now=self.now,
        )
        if not self._cordon(cordons):
            return decision.spared(decision.current, "pods cannot be told to take no more tasks")
        staying = {pod.name for pod in pods} - cordons.may_go
        why = f"{len(cordons.may_go)} of {cordons.leaving} pods that are to go have ended their tasks"
        return self._take(decision, pods, staying, victims, why, Reason.CORDONING)

    def _take(
        self,
        decision: Decision,
        pods: Sequence[Pod],
        staying: Collection[str],
        victims: int,
        why: str,
        by: Reason,
    ) -> Decision:
        gone = removable(self.scale.ref.kind, pods, staying, victims)
        some_go = gone > 0 or self.scale.replicas > self.spec.max_replica_count
        if some_go and self.scale.ref.kind == "Deployment" and not self._mark(pods, staying):
            gone = 0
        if gone == victims:
            return decision
        return decision.spared(min(decision.current, len(pods) - gone), why, by)

    def _cordon(self, cordons: cordon.Cordons) -> bool:
        until = to_text(self.now + cordon.CORDON_SECONDS)
        changes: dict[str, Annotations] = {name: {CORDON_ANNOTATION: until} for name in cordons.begin}
        return self._annotate(changes | {name: {CORDON_ANNOTATION: None} for name in cordons.end})

    def _mark(self, pods: Sequence[Pod], staying: Collection[str]) -> bool:
        return self._annotate({name: _cost(cost) for name, cost in costs(pods, staying).items()})

    def _annotate(self, changes: Mapping[str, Annotations]) -> bool:
        namespace = self.scale.namespace
        try:
            for name, annotations in changes.items():
                _annotate(self.cluster, namespace, name, annotations)
        except ClusterError as error:
            log.warning("Pods cannot be marked", extra={"namespace": namespace, "error": str(error)})
            return False
        return True


def _cost(cost: int | None) -> Annotations:
    value = None if cost is None else str(cost)
    return {COST_ANNOTATION: value, OUR_COST_ANNOTATION: value}


def _annotate(cluster: Cluster, namespace: str, name: str, annotations: Annotations) -> None:
    try:
        cluster.patch(paths.pod(namespace, name), {"metadata": {"annotations": annotations}})
    except Missing:
        log.debug("A pod was gone before it could be marked", extra={"namespace": namespace, "pod": name})
