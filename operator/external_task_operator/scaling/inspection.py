"""A look at a target's pods now and then: whether they become ready, and whether worker ids name them."""

from collections.abc import Collection

from external_tasks.engine.client import EngineClient

from external_task_operator.engine.counts import LockedTask, locked_tasks
from external_task_operator.errors import ClusterError, EngineFailure
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.scaling.readiness import readiness
from external_task_operator.scaling.scale_in import list_pods
from external_task_operator.scaling.target import Scale
from external_task_operator.scaling.workers import unknown_workers
from external_task_operator.status.inspection import NO_PODS, Inspection


def inspect(
    cluster: Cluster,
    engine: EngineClient | None,
    scale: Scale,
    topics: Collection[str],
    targets: Collection[str],
    known: dict[str, list[LockedTask]],
    now: float,
) -> Inspection:
    """Look at the pods of a target.

    Args:
        cluster: where pods are.
        engine: where locks are; None if they are not to be looked at.
        scale: the target's.
        topics: of the target's workers.
        targets: names of all targets; their pods' names begin so, also those of pods that are gone.
        known: locked tasks that were read a moment ago, by topic.
        now: seconds of the epoch.
    """
    if scale.actual == 0:
        return Inspection(NO_PODS)
    try:
        pods = list_pods(cluster, scale)
    except ClusterError as error:
        return Inspection(problem=f"the pods cannot be listed: {error}")
    judged = readiness(pods, now)
    if engine is None or not pods:
        return Inspection(judged)
    try:
        tasks = locked_tasks(engine, topics, known)
    except EngineFailure as error:
        return Inspection(judged, problem=error.message)
    return Inspection(judged, unknown_workers(tasks, pods, targets))
