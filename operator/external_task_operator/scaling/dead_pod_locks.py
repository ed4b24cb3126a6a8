"""Tasks locked by pods that no longer exist: they are unlocked at once.

A pod is gone when the API says so by its name and uid: it is not found, another one has its name, or its
processes have ended for good. A pod that is missing in a list may only have lost a label.
"""

import logging
from collections.abc import Collection, Iterable, Sequence

from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineError, NotFound

from external_task_operator.engine.counts import LockedTask, translate
from external_task_operator.errors import Missing
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.scaling.pods import Pod, parse, worker_pod

log = logging.getLogger(__name__)

PodKey = tuple[str, str]
"""Name and uid of a pod."""


class KnownPods:
    """The pods of one target that the operator has seen alive itself, and the worker ids they have used.

    Only those can be known to be gone: a worker id may also name a machine outside the cluster, or a pod of
    another cluster that works for the same engine.
    """

    def __init__(self) -> None:
        self._pods: set[PodKey] = set()
        self._workers: dict[str, PodKey] = {}

    def missing(self, pods: Iterable[Pod]) -> set[PodKey]:
        """Take note of the pods that are listed; return those that were before and are no more."""
        alive = {(pod.name, pod.uid) for pod in pods if not pod.over}
        self._pods |= alive
        return self._pods - alive

    def holders(
        self, tasks: Iterable[LockedTask], missing: Collection[PodKey]
    ) -> dict[PodKey, list[LockedTask]]:
        """Return the tasks that missing pods hold, by pod; a pod that holds none is forgotten.

        A StatefulSet's new pod has the name of the old one: a worker id belongs to the pod that was alive
        when it was first seen.
        """
        by_name = {key[0]: key for key in missing}
        by_name |= {key[0]: key for key in self._pods - set(missing)}
        workers = {}
        held: dict[PodKey, list[LockedTask]] = {}
        for task in tasks:
            pod = self._workers.get(task.worker_id) or by_name.get(worker_pod(task.worker_id))
            if pod is None:
                continue
            workers[task.worker_id] = pod
            if pod in missing:
                held.setdefault(pod, []).append(task)
        self._workers = workers
        self._pods -= {pod for pod in missing if pod not in held}
        return held


def is_gone(cluster: Cluster, namespace: str, pod: PodKey) -> bool:
    """Ask the API whether a pod is gone for good.

    Raises:
        ClusterError: the API server did not answer, or the right to get pods is missing.
    """
    name, uid = pod
    try:
        found = parse(cluster.get(paths.pod(namespace, name)))
    except Missing:
        return True
    return found.uid != uid or found.over


def unlock(engine: EngineClient, tasks: Sequence[LockedTask]) -> int:
    """Unlock tasks whose pod is gone, and return how many.

    A task that has failed before is left alone: its lock may be the delay before its next try.

    Raises:
        EngineFailure: the engine did not do it, e.g. for want of a right.
    """
    unlocked = 0
    for task in tasks:
        if task.failed_before:
            continue
        try:
            engine.unlock(task.id)
            unlocked += 1
        except NotFound:
            log.debug("A task was gone before it could be unlocked", extra={"task": task.id})
        except EngineError as error:
            raise translate(error, "unlocking the tasks of a pod that is gone") from error
    return unlocked
