"""Tasks that are locked by pods which are gone for good: they are given back at once."""

import logging
from collections.abc import Iterable, Sequence

from external_tasks.engine import EngineClient
from external_tasks.errors import EngineError, NotFound

from external_task_operator.observe import LockedTask, translate
from external_task_operator.pods import Pod, worker_pod

log = logging.getLogger(__name__)


class PodsSeen:
    """The pods of one target that the operator has seen alive itself.

    Only those can be known to be gone: a worker id may also name a machine outside the cluster, or a pod of
    another cluster that works for the same engine.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def gone(self, pods: Iterable[Pod], holders: Iterable[str]) -> frozenset[str]:
        """Take note of the pods that there are and return those that are gone.

        Args:
            pods: listed after the locks were, so that whoever held a lock and is not listed has gone since.
            holders: pods that locks name; a pod that is gone is forgotten when it holds none any more.
        """
        alive = {pod.name for pod in pods if not pod.over}
        gone = (self._seen - alive) & set(holders)
        self._seen = alive | gone
        return frozenset(gone)


def unlock(engine: EngineClient, tasks: Sequence[LockedTask], gone: frozenset[str]) -> int:
    """Unlock the tasks that pods hold which are gone, and return how many.

    A task that has failed before is left alone: its lock may be the delay before its next try.

    Raises:
        EngineFailure: the engine did not do it, e.g. for want of a right.
    """
    unlocked = 0
    for task in tasks:
        if worker_pod(task.worker_id) not in gone or task.failed_before:
            continue
        try:
            engine.unlock(task.id)
            unlocked += 1
        except NotFound:
            log.debug("A task was gone before it could be unlocked", extra={"task": task.id})
        except EngineError as error:
            raise translate(error, "unlocking the tasks of a pod that is gone") from error
    return unlocked
