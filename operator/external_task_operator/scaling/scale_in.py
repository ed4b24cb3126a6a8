"""Scale-in that takes idle pods first and stops before the first that may be at work."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from external_tasks.engine.client import EngineClient

from external_task_operator.engine.counts import locked_tasks
from external_task_operator.errors import ClusterError, EngineFailure, Missing, NoSelector
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.policy.bounds import highest_maximum
from external_task_operator.policy.decision import Decision, Reason
from external_task_operator.scaling import cordon
from external_task_operator.scaling.pods import (
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
    taken_like,
    templates,
)
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec
from external_task_operator.times import to_text

log = logging.getLogger(__name__)

Annotations = dict[str, str | None]


def list_pods(cluster: Cluster, scale: Scale) -> list[Pod]:
    """Return the pods of a target.

    Raises:
        NoSelector: the scale does not say which pods are the target's; without one all would be listed.
        ClusterError: the pods could not be listed.
    """
    if not scale.selector:
        raise NoSelector(
            f"the scale of {scale.ref} has no label selector: "
            "its CRD needs subresources.scale.labelSelectorPath"
        )
    listed = cluster.get(paths.pods(scale.namespace), {"labelSelector": scale.selector})
    return [parse(item) for item in listed["items"]]


def spare_busy_pods(
    decision: Decision, scale: Scale, cluster: Cluster, engine: EngineClient, spec: ScalerSpec, now: float
) -> Decision:
    """Limit a scale-in to idle pods, and set deletion costs on the others so that they go last.

    With ``cordonSeconds`` a pod is idle when it was cordoned and has ended its tasks. A pod that may be busy
    counts as busy. Only the highest ``maxReplicaCount`` is stronger than a pod at work, not a lower
    one of a schedule.
    """
    spared = _ScaleIn(scale, cluster, engine, spec, now).spare(decision)
    most = highest_maximum(spec)
    if spared.replicas > most and spec.paused_replicas is None:
        return decision.spared(most, f"maxReplicaCount is {most}, so that busy pods may go too")
    return spared


def remove_annotations(cluster: Cluster, scale: Scale) -> None:
    """Remove the deletion costs that the operator has set, and the cordons.

    Raises:
        ClusterError: the pods could not be listed or changed.
    """
    if not scale.selector:
        return
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
            if isinstance(error, NoSelector) and decision.active is False:
                # Without any task nobody is at work, whichever the pods are.
                return decision
            return decision.spared(decision.current, f"it is not known which pods are busy: {error}")
        victims = len(pods) - decision.replicas
        if victims <= 0:
            return decision
        kind = taken_like(self.scale.ref.kind, pods)
        if self.spec.cordon_seconds and kind and not rolling_out(pods):
            return self._take_cordoned(decision, pods, locks, victims)
        why = f"{len(locks.all)} of {len(pods)} pods hold locks"
        if not kind:
            why = f"nobody can tell which pods a {self.scale.ref.kind} takes and {why}"
        elif kind == "Deployment" and rolling_out(pods):
            why = f"a roll-out is under way (pods of {len(templates(pods))} templates) and {why}"
        return self._take(decision, pods, set(locks.all), victims, why, Reason.BUSY_PODS)

    def _locks(self, names: Collection[str]) -> Locks:
        locks = Locks()
        for task in locked_tasks(self.engine, self.spec.topics):
            for pod in holders(task.worker_id, names):
                locks.add(pod, failed_before=task.failed_before)
        return locks

    def _take_cordoned(self, decision: Decision, pods: Sequence[Pod], locks: Locks, victims: int) -> Decision:
        cordons = cordon.plan(
            taken_like(self.scale.ref.kind, pods),
            pods,
            locks,
            victims=victims,
            patience=self.spec.cordon_seconds,
            now=self.now,
        )
        if not self._cordon(cordons):
            return decision.spared(decision.current, "pods cannot be cordoned")
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
        kind = taken_like(self.scale.ref.kind, pods)
        gone = removable(kind, pods, staying, victims)
        some_go = gone > 0 or self.scale.replicas > highest_maximum(self.spec)
        if some_go and kind == "Deployment" and not self._set_costs(pods, staying):
            gone = 0
        if gone == victims:
            return decision
        return decision.spared(min(decision.current, len(pods) - gone), why, by)

    def _cordon(self, cordons: cordon.Cordons) -> bool:
        until = to_text(self.now + cordon.CORDON_SECONDS)
        changes: dict[str, Annotations] = {name: {CORDON_ANNOTATION: until} for name in cordons.begin}
        return self._annotate(changes | {name: {CORDON_ANNOTATION: None} for name in cordons.end})

    def _set_costs(self, pods: Sequence[Pod], staying: Collection[str]) -> bool:
        return self._annotate({name: _cost(cost) for name, cost in costs(pods, staying).items()})

    def _annotate(self, changes: Mapping[str, Annotations]) -> bool:
        namespace = self.scale.namespace
        try:
            for name, annotations in changes.items():
                _annotate(self.cluster, namespace, name, annotations)
        except ClusterError as error:
            log.warning("Pods were not annotated", extra={"namespace": namespace, "error": str(error)})
            return False
        return True


def _cost(cost: int | None) -> Annotations:
    value = None if cost is None else str(cost)
    return {COST_ANNOTATION: value, OUR_COST_ANNOTATION: value}


def _annotate(cluster: Cluster, namespace: str, name: str, annotations: Annotations) -> None:
    try:
        cluster.patch(paths.pod(namespace, name), {"metadata": {"annotations": annotations}})
    except Missing:
        log.debug("A pod was gone before it could be annotated", extra={"namespace": namespace, "pod": name})
