"""What the operator knows of one ExternalTaskScaler."""

from dataclasses import dataclass, field
from typing import Any

from external_task_operator.history import History
from external_task_operator.observation import Failure
from external_task_operator.orphans import PodsSeen
from external_task_operator.spec import ScalerSpec
from external_task_operator.status import Report

_INVALID_INTERVAL = 60.0


@dataclass
class Scaler:
    """One ExternalTaskScaler; changed by at most one poll at a time.

    Attributes:
        namespace: of the object.
        name: of the object.
        uid: of the object.
        created: when it was made, as the API writes it.
        marks: generation and pause annotation; where both are the same, so is the spec.
        spec: None if it makes no sense.
        invalid: why not.
        engine_key: names the engine; scalers with the same key share their queries.
        history: what the policy remembers.
        status: what was written last, or was to be.
        status_at: when it was written, monotonic seconds.
        due: when it is to be polled next, monotonic seconds.
        polling: a poll is under way.
        again: the spec has changed meanwhile, so that the next poll follows at once.
        phase: part of the interval, 0 to 1, at which it is polled.
        marks_left: pods may still carry the deletion costs and cordons of a scale-in.
        pods_seen: for orphaned locks.
        unlock_after: monotonic seconds before which unlocking is not tried again.
        report: what the last poll came to.
        polled_at: when that was, seconds of the epoch; None before the first.
    """

    namespace: str
    name: str
    uid: str
    created: str
    marks: tuple[int, str | None]
    spec: ScalerSpec | None
    invalid: Failure | None
    engine_key: str
    history: History
    status: dict[str, Any]
    status_at: float = float("-inf")
    due: float = 0.0
    polling: bool = False
    again: bool = False
    phase: float = 0.0
    marks_left: bool = True
    pods_seen: PodsSeen = field(default_factory=PodsSeen)
    unlock_after: float = float("-inf")
    report: Report = field(default_factory=Report)
    polled_at: float | None = None

    @property
    def generation(self) -> int:
        """Of the spec."""
        return self.marks[0]

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        return self.spec.polling_interval if self.spec else _INVALID_INTERVAL

    @property
    def awaits_rest(self) -> bool:
        """Pods are cordoned for a scale-in that waits for them; they do nothing new meanwhile."""
        decision = self.report.decision
        return (
            self.spec is not None and self.spec.cordon_seconds > 0 and decision is not None and decision.held
        )

    @property
    def target(self) -> tuple[str, str, str]:
        """What is scaled: namespace, kind and name."""
        ref = self.spec.scale_target_ref if self.spec else None
        return self.namespace, ref.kind if ref else "", ref.name if ref else ""
