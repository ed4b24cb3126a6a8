"""Telling the world what a poll came to: status, events, log."""

import logging
import time
from collections.abc import Callable

from external_task_operator import paths
from external_task_operator.cluster import JSON_PATCH, Cluster
from external_task_operator.conditions import changed
from external_task_operator.decision import headline
from external_task_operator.errors import ClusterError, Missing
from external_task_operator.events import Recorder, Severity
from external_task_operator.registry import Registry
from external_task_operator.scaler import Scaler
from external_task_operator.status import Report, build, conditions, details, essence

log = logging.getLogger(__name__)

_DETAILS_SECONDS = 10.0


class Reporter:
    """Writes what polls came to. Thread-safe, as each scaler is polled by one thread at a time.

    Args:
        cluster: where statuses are.
        registry: told when a scaler turns out to be gone.
        recorder: for events.
        identity: of this operator.
        refresh_seconds: an unchanged status is written again after so long.
        clock: monotonic seconds.
        wall: seconds of the epoch.
    """

    def __init__(
        self,
        cluster: Cluster,
        registry: Registry,
        recorder: Recorder,
        *,
        identity: str,
        refresh_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._recorder = recorder
        self._identity = identity
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._wall = wall

    def report(self, scaler: Scaler, report: Report) -> None:
        """Write a poll's outcome where it is new."""
        scaler.report, scaler.polled_at = report, self._wall()
        if report.scaled and report.decision is not None:
            self._say_scaled(scaler, report)
        for condition in changed(scaler.status.get("conditions", ()), conditions(scaler.spec, report)):
            kind: Severity = "Normal" if condition.good else "Warning"
            self._recorder.about(scaler, kind, condition.reason, f"{condition.type}: {condition.message}")
            log.log(
                logging.INFO if condition.good else logging.WARNING,
                "Condition changed",
                extra=_where(scaler)
                | {"condition": condition.type, "status": condition.status, "reason": condition.reason},
            )
        self._write_status(scaler, report)

    def _say_scaled(self, scaler: Scaler, report: Report) -> None:
        if report.decision is None or scaler.spec is None:
            return
        decision = report.decision
        up = decision.replicas > decision.current
        message = f"{scaler.spec.scale_target_ref}: {decision.sentence}"
        self._recorder.about(scaler, "Normal", "ScaledUp" if up else "ScaledDown", message)
        log.info(
            headline(decision.current, decision.replicas),
            extra=_where(scaler) | {"reason": decision.reason, "decision": decision.sentence},
        )

    def _write_status(self, scaler: Scaler, report: Report) -> None:
        status = build(
            scaler.spec,
            report,
            scaler.history,
            scaler.status,
            generation=scaler.generation,
            operator=self._identity,
            now=self._wall(),
        )
        now = self._clock()
        age = now - scaler.status_at
        worth_it = (
            essence(status) != essence(scaler.status)
            or (age >= _DETAILS_SECONDS and details(status) != details(scaler.status))
            or age >= self._refresh_seconds
        )
        if not worth_it:
            return
        patch = [{"op": "add", "path": "/status", "value": status}]
        # Kept even if it cannot be written, for its news have been told; the next poll tries again.
        scaler.status, scaler.status_at = status, float("-inf")
        try:
            self._cluster.patch(paths.scaler_status(scaler.namespace, scaler.name), patch, JSON_PATCH)
        except Missing:
            self._registry.drop(scaler.namespace, scaler.name, scaler.uid)
        except ClusterError as error:
            log.warning("The status was not written", extra=_where(scaler) | {"error": str(error)})
        else:
            scaler.status_at = now


def _where(scaler: Scaler) -> dict[str, str]:
    return {"namespace": scaler.namespace, "scaler": scaler.name}
