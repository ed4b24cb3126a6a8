"""Reports what a poll has led to: status, events, log."""

import logging
import time
from collections.abc import Callable

from external_task_operator.control.events import Recorder, Severity
from external_task_operator.control.registry import Registry
from external_task_operator.control.scaler import Scaler
from external_task_operator.errors import ClusterError, Missing
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import JSON_PATCH, Cluster
from external_task_operator.policy.decision import headline
from external_task_operator.status.conditions import changed
from external_task_operator.status.status import PollResult, Writer, build, conditions, details, essence

log = logging.getLogger(__name__)

_DETAILS_SECONDS = 10.0


class Reporter:
    """Writes the results of polls. Thread-safe, as each scaler is polled by one thread at a time.

    Args:
        cluster: where statuses are.
        registry: forgets a scaler that turns out to be deleted.
        recorder: for events.
        writer: this operator.
        clock: monotonic seconds.
        wall: seconds of the epoch.
    """

    def __init__(
        self,
        cluster: Cluster,
        registry: Registry,
        recorder: Recorder,
        *,
        writer: Writer,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._recorder = recorder
        self._writer = writer
        self._clock = clock
        self._wall = wall

    def report(self, scaler: Scaler, result: PollResult) -> None:
        """Write a poll's outcome where it is new."""
        scaler.result, scaler.polled_at = result, self._wall()
        if result.scaled and result.decision is not None:
            self._say_scaled(scaler, result)
        for condition in changed(scaler.status.get("conditions", ()), conditions(scaler.spec, result)):
            kind: Severity = "Normal" if condition.good else "Warning"
            self._recorder.about(scaler, kind, condition.reason, f"{condition.type}: {condition.message}")
            log.log(
                logging.INFO if condition.good else logging.WARNING,
                "Condition changed",
                extra=_where(scaler)
                | {"condition": condition.type, "status": condition.status, "reason": condition.reason},
            )
        self._write_status(scaler, result)

    def _say_scaled(self, scaler: Scaler, result: PollResult) -> None:
        if result.decision is None or scaler.spec is None:
            return
        decision = result.decision
        up = decision.replicas > decision.current
        message = f"{scaler.spec.scale_target_ref}: {decision.sentence}"
        self._recorder.about(scaler, "Normal", "ScaledUp" if up else "ScaledDown", message)
        log.info(
            headline(decision.current, decision.replicas),
            extra=_where(scaler) | {"reason": decision.reason, "decision": decision.sentence},
        )

    def _write_status(self, scaler: Scaler, result: PollResult) -> None:
        status = build(
            scaler.spec,
            result,
            scaler.history,
            scaler.status,
            generation=scaler.generation,
            writer=self._writer,
            now=self._wall(),
        )
        now = self._clock()
        age = now - scaler.status_at
        worth_it = (
            essence(status) != essence(scaler.status)
            or (age >= _DETAILS_SECONDS and details(status) != details(scaler.status))
            or age >= self._writer.refresh_seconds
        )
        if not worth_it:
            return
        patch = [{"op": "add", "path": "/status", "value": status}]
        # Kept even if it cannot be written, because its changes were reported; the next poll tries again.
        scaler.status, scaler.status_at = status, float("-inf")
        try:
            self._cluster.patch(paths.scaler_status(scaler.namespace, scaler.name), patch, JSON_PATCH)
        except Missing:
            self._registry.drop(scaler.namespace, scaler.name, scaler.uid)
        except ClusterError as error:
            log.warning("Status not written", extra=_where(scaler) | {"error": str(error)})
        else:
            scaler.status_at = now


def _where(scaler: Scaler) -> dict[str, str]:
    return {"namespace": scaler.namespace, "scaler": scaler.name}
