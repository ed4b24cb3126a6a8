"""What the operator knows of one ExternalTaskScaler."""

from dataclasses import dataclass, field
from typing import Any

from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Failure
from external_task_operator.scaling.dead_pod_locks import KnownPods
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec
from external_task_operator.status.inspection import Inspection
from external_task_operator.status.status import PollResult

_INVALID_INTERVAL = 60.0

Revision = tuple[int, tuple[str | None, ...]]
"""Generation of an object, and what its annotations say to the operator."""


@dataclass
class Scaler:
    """One ExternalTaskScaler; changed by at most one poll at a time.

    Attributes:
        namespace: of the object.
        name: of the object.
        uid: of the object.
        created: when it was made, as the API writes it.
        revision: generation and annotations; where both are the same, so is the spec.
        spec: None if it is invalid.
        invalid: why not.
        engine_key: names the engine; scalers with the same key share their queries.
        history: what the policy remembers.
        status: what was written last, or was to be.
        status_at: when it was written, monotonic seconds.
        due: when it is to be polled next, monotonic seconds.
        polling: a poll is under way.
        again: the spec has changed meanwhile, so that the next poll follows at once.
        hurried: when it was last made due out of turn, monotonic seconds.
        hurry: it is to be polled then, at the latest, after the poll that is under way.
        slow: its last poll waited long for the API server, so that the next is made by itself.
        phase: when within the interval it is polled, as a fraction of it.
        annotations_left: pods may still carry the deletion costs and cordons of a scale-in.
        annotated: the target whose pods may carry them, as far as this operator has set them.
        known_pods: for orphaned locks.
        unlock_failure: why orphaned locks were not unlocked.
        unlock_after: monotonic seconds before which unlocking is not tried again.
        inspection: what the last look at the pods has shown.
        inspected_at: when that was, monotonic seconds.
        result: what the last poll came to.
        polled_at: when that was, seconds of the epoch; None before the first.
    """

    namespace: str
    name: str
    uid: str
    created: str
    revision: Revision
    spec: ScalerSpec | None
    invalid: Failure | None
    engine_key: str
    history: History
    status: dict[str, Any]
    status_at: float = float("-inf")
    due: float = 0.0
    polling: bool = False
    again: bool = False
    hurried: float = float("-inf")
    hurry: float = float("inf")
    slow: bool = False
    phase: float = 0.0
    annotations_left: bool = True
    annotated: Scale | None = None
    known_pods: KnownPods = field(default_factory=KnownPods)
    unlock_failure: Failure | None = None
    unlock_after: float = float("-inf")
    inspection: Inspection | None = None
    inspected_at: float = float("-inf")
    result: PollResult = field(default_factory=PollResult)
    polled_at: float | None = None

    @property
    def generation(self) -> int:
        """Of the spec."""
        return self.revision[0]

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        return self.spec.polling_interval if self.spec else _INVALID_INTERVAL

    @property
    def awaits_cordoned(self) -> bool:
        """Pods are cordoned for a scale-in that waits for them; they do nothing new meanwhile."""
        decision = self.result.decision
        return (
            self.spec is not None and self.spec.cordon_seconds > 0 and decision is not None and decision.held
        )

    @property
    def target(self) -> tuple[str, ...]:
        """What is scaled: namespace, group, kind and name."""
        return self.namespace, *(self.spec.scale_target_ref.key if self.spec else ())
