"""What comes after the scaling and may also come at the next poll: leftover marks, orphaned locks."""

import logging
import time
from collections.abc import Callable

from external_tasks.engine import EngineClient

from external_task_operator import orphans, protect
from external_task_operator.cluster import Cluster
from external_task_operator.errors import ClusterError, EngineFailure
from external_task_operator.events import Recorder
from external_task_operator.metrics import Counters
from external_task_operator.observe import locked_tasks
from external_task_operator.pods import worker_pod
from external_task_operator.scaler import Scaler
from external_task_operator.spec import ScalerSpec
from external_task_operator.status import Report
from external_task_operator.targets import Scale

log = logging.getLogger(__name__)

_UNLOCK_PAUSE_SECONDS = 300.0


class Tidier:
    """Removes deletion costs and cordons after a scale-in, and unlocks what pods held that are gone.

    Args:
        cluster: where pods are.
        recorder: for events.
        counters: for metrics.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        recorder: Recorder,
        counters: Counters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._counters = counters
        self._clock = clock

    def tidy(
        self, scaler: Scaler, spec: ScalerSpec, scale: Scale, report: Report, engine: EngineClient | None
    ) -> None:
        """Do what there is to do; a failure is logged, for the next poll tries again."""
        try:
            if scaler.marks_left and not _scaling_in(scale, report):
                self._unmark(spec, scale)
                scaler.marks_left = False
            if spec.unlock_orphans and engine is not None and report.seen and report.seen.locked:
                self._unlock_orphans(scaler, spec, scale, engine)
        except (ClusterError, EngineFailure) as error:
            log.warning(
                "Not everything could be tidied up",
                extra={"namespace": scaler.namespace, "scaler": scaler.name, "error": str(error)},
            )

    def _unmark(self, spec: ScalerSpec, scale: Scale) -> None:
        if spec.protect_busy_pods and scale.actual:
            protect.unmark(self._cluster, scale)

    def _unlock_orphans(self, scaler: Scaler, spec: ScalerSpec, scale: Scale, engine: EngineClient) -> None:
        if self._clock() < scaler.unlock_after:
            return
        tasks = locked_tasks(engine, spec.topics)
        pods = protect.list_pods(self._cluster, scale)
        gone = scaler.pods_seen.gone(pods, [worker_pod(task.worker_id) for task in tasks])
        if not gone:
            return
        try:
            count = orphans.unlock(engine, tasks, gone)
        except EngineFailure as error:
            scaler.unlock_after = self._clock() + _UNLOCK_PAUSE_SECONDS
            self._recorder.about(scaler, "Warning", "OrphansNotUnlocked", error.message)
            return
        if count:
            self._counters.unlocked(count)
            message = f"Unlocked {count} tasks of pods that are gone: {', '.join(sorted(gone))}"
            self._recorder.about(scaler, "Normal", "OrphansUnlocked", message)


def _scaling_in(scale: Scale, report: Report) -> bool:
    decision = report.decision
    replicas = decision.replicas if decision and report.scaled else scale.replicas
    return scale.actual > replicas or (decision is not None and decision.held)
