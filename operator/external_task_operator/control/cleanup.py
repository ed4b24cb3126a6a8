"""What follows the scaling and may also wait for the next poll: leftover annotations, orphaned locks."""

import logging
import time
from collections.abc import Callable

from external_tasks.engine.client import EngineClient

from external_task_operator.control.events import Recorder
from external_task_operator.control.metrics import Counters
from external_task_operator.control.scaler import Scaler
from external_task_operator.engine.counts import LockedTask, Reading, locked_tasks
from external_task_operator.errors import ClusterError, EngineFailure, FailureKind, NotAllowed
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.policy.observation import Failure
from external_task_operator.scaling import dead_pod_locks, scale_in
from external_task_operator.scaling.dead_pod_locks import PodKey
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec
from external_task_operator.status.status import PollResult

log = logging.getLogger(__name__)

_UNLOCK_PAUSE_SECONDS = 300.0


class Cleanup:
    """Removes deletion costs and cordons after a scale-in, and unlocks the tasks of pods that are gone.

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

    def clean_up(
        self,
        scaler: Scaler,
        spec: ScalerSpec,
        scale: Scale,
        result: PollResult,
        engine: EngineClient | None,
        reading: Reading,
    ) -> Failure | None:
        """Do what there is to do, and return what could not be done; the next poll tries again."""
        failure = self._remove_annotations(scaler, spec, scale, result)
        if not spec.unlock_orphans:
            scaler.unlock_failure = None
        elif (
            engine is not None and result.seen and result.seen.locked and self._clock() >= scaler.unlock_after
        ):
            scaler.unlock_failure = self._try_to_unlock(scaler, spec, scale, engine, reading)
        return failure or scaler.unlock_failure

    def leave(self, scaler: Scaler) -> None:
        """Remove what the operator has set on pods of a target that the scaler no longer has."""
        left = scaler.annotated
        if left is None or (scaler.spec is not None and left.ref == scaler.spec.scale_target_ref):
            return
        if self.remove_leftovers(left):
            scaler.annotated = None

    def remove_leftovers(self, scale: Scale) -> bool:
        """Remove what the operator has set on the pods of a target; returns whether that was done."""
        try:
            scale_in.remove_annotations(self._cluster, scale)
        except ClusterError as error:
            where = {"namespace": scale.namespace, "target": str(scale.ref)}
            log.warning("Annotations of pods were not removed", extra=where | {"error": str(error)})
            return False
        return True

    def _remove_annotations(
        self, scaler: Scaler, spec: ScalerSpec, scale: Scale, result: PollResult
    ) -> Failure | None:
        if not scaler.annotations_left or _scaling_in(scale, result):
            return None
        try:
            if scale.actual:
                scale_in.remove_annotations(self._cluster, scale)
        except NotAllowed as error:
            # Without protection nothing was set by this spec, and the right is not needed.
            if spec.protect_busy_pods:
                return _failed(f"removing the deletion costs and cordons of pods: {error}")
        except ClusterError as error:
            return _failed(f"removing the deletion costs and cordons of pods: {error}")
        scaler.annotations_left, scaler.annotated = False, None
        return None

    def _try_to_unlock(
        self, scaler: Scaler, spec: ScalerSpec, scale: Scale, engine: EngineClient, reading: Reading
    ) -> Failure | None:
        try:
            for pod, tasks in self._orphans(scaler, spec, scale, engine, reading).items():
                if any(not task.failed_before for task in tasks) and dead_pod_locks.is_gone(
                    self._cluster, scale.namespace, pod
                ):
                    # Read again: a lock may have expired meanwhile, and another worker hold the task.
                    held = [task for task in locked_tasks(engine, spec.topics) if task in tasks]
                    self._unlock(scaler, pod[0], held, engine)
        except EngineFailure as error:
            scaler.unlock_after = self._clock() + _UNLOCK_PAUSE_SECONDS
            return Failure(FailureKind.ORPHANS_NOT_UNLOCKED, error.message)
        except ClusterError as error:
            return Failure(FailureKind.ORPHANS_NOT_UNLOCKED, f"finding out which pods are gone: {error}")
        return None

    def _orphans(
        self, scaler: Scaler, spec: ScalerSpec, scale: Scale, engine: EngineClient, reading: Reading
    ) -> dict[PodKey, list[LockedTask]]:
        """Return the tasks of pods that are listed no more."""
        if scale.ref.kind != "Deployment":
            # Names may come again here, so a lock must be older than the list that says whose pod it is.
            tasks = locked_tasks(engine, spec.topics, reading.locked)
            missing = scaler.known_pods.missing(scale_in.list_pods(self._cluster, scale))
        else:
            missing = scaler.known_pods.missing(scale_in.list_pods(self._cluster, scale))
            tasks = locked_tasks(engine, spec.topics, reading.locked) if missing else []
        return scaler.known_pods.holders(tasks, missing)

    def _unlock(self, scaler: Scaler, pod: str, tasks: list[LockedTask], engine: EngineClient) -> None:
        if count := dead_pod_locks.unlock(engine, tasks):
            self._counters.unlocked(count)
            noun = "task" if count == 1 else "tasks"
            message = f"Unlocked {count} {noun} of pod {pod}, which no longer exists"
            self._recorder.about(scaler, "Normal", "OrphansUnlocked", message)


def _failed(message: str) -> Failure:
    return Failure(FailureKind.CLEANUP_FAILED, message)


def _scaling_in(scale: Scale, result: PollResult) -> bool:
    decision = result.decision
    replicas = decision.replicas if decision and result.scaled else scale.replicas
    return scale.actual > replicas or (decision is not None and decision.held)
