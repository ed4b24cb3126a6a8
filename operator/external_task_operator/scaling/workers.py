"""Whether the worker ids in the engine name the target's pods; only then can pods at work be told apart."""

from collections.abc import Iterable, Sequence

from external_task_operator.engine.counts import LockedTask
from external_task_operator.scaling.pods import Pod, holders
from external_task_operator.status.inspection import UnknownWorkers


def unknown_workers(
    tasks: Iterable[LockedTask], pods: Sequence[Pod], targets: Iterable[str] = ()
) -> UnknownWorkers:
    """Find the locks whose worker ids name no pod.

    Args:
        tasks: the locked tasks.
        pods: of the target.
        targets: names of targets; worker ids that begin with one name its pods, also those that are gone.
    """
    names = {pod.name for pod in pods}
    prefixes = tuple(f"{target}-" for target in targets)
    unknown = [
        task.worker_id
        for task in tasks
        if not task.worker_id.startswith(prefixes) and not holders(task.worker_id, names)
    ]
    return UnknownWorkers(len(unknown), tuple(sorted(set(unknown))))
