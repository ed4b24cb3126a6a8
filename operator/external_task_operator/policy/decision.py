"""The policy's decision and its wording."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from external_task_operator.policy.bounds import Bounds
from external_task_operator.policy.history import History


class Reason(StrEnum):
    """The decision in a word."""

    SCALE_UP = "ScaleUp"
    SCALE_DOWN = "ScaleDown"
    AT_TARGET = "AtTarget"
    IDLE = "Idle"
    COOLDOWN = "Cooldown"
    BELOW_ACTIVATION = "BelowActivation"
    NO_POD_READY = "NoPodReady"
    STABILIZING = "Stabilizing"
    RATE_LIMITED = "RateLimited"
    AT_MAXIMUM = "AtMaximum"
    AT_MINIMUM = "AtMinimum"
    TASK_TOO_OLD = "TaskTooOld"
    BUSY_PODS = "BusyPods"
    CORDONING = "Cordoning"
    METRICS_INCOMPLETE = "MetricsIncomplete"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    FALLBACK = "Fallback"
    PAUSED = "Paused"
    DRY_RUN = "DryRun"


class Limit(StrEnum):
    """What kept the replicas from what the tasks ask for; HPA's words for its conditions."""

    SCALE_UP_STABILIZED = "ScaleUpStabilized"
    SCALE_DOWN_STABILIZED = "ScaleDownStabilized"
    SCALE_UP_LIMIT = "ScaleUpLimit"
    SCALE_DOWN_LIMIT = "ScaleDownLimit"
    TOO_MANY_REPLICAS = "TooManyReplicas"
    TOO_FEW_REPLICAS = "TooFewReplicas"


@dataclass(frozen=True)
class Decision:
    """What is to be done with the target.

    Attributes:
        current: the target's spec.replicas.
        replicas: replicas that it should have.
        reason: why, in a word.
        sentence: why, for a human.
        history: what to remember until the next poll.
        act: the target may be changed; not so while paused, in a dry run and when nothing is to change.
        active: there are tasks; None when that is not known.
        fallback: ``spec.fallback`` is in force.
        stabilised: the stabilisation window that holds the replicas, if any.
        limited: the speed limit or bound that cuts the change, if any.
        held: a scale-in is cut for the sake of pods that are at work, and goes on later.
        bounds: of the replicas at this moment.
    """

    current: int
    replicas: int
    reason: Reason
    sentence: str
    history: History
    act: bool = True
    active: bool | None = None
    fallback: bool = False
    stabilised: Limit | None = None
    limited: Limit | None = None
    held: bool = False
    bounds: Bounds | None = None

    def withheld(self, reason: Reason, why: str) -> "Decision":
        """Return the decision as one that is only reported."""
        return replace(self, act=False, reason=reason, sentence=f"{why}: {self.sentence}")

    def spared(self, replicas: int, why: str, by: Reason = Reason.BUSY_PODS) -> "Decision":
        """Return the decision with a smaller scale-in, for the sake of pods that are at work."""
        reason = by if replicas == self.current else self.reason
        head = headline(self.current, replicas)
        return replace(
            self,
            replicas=replicas,
            reason=reason,
            held=True,
            act=self.act and replicas != self.current,
            sentence=f"{head}; {why}. Otherwise: {self.sentence}",
        )


def headline(current: int, replicas: int) -> str:
    """Say what happens to the replicas."""
    if replicas > current:
        return f"Scale up {current} → {replicas}"
    if replicas < current:
        return f"Scale down {current} → {replicas}"
    return f"Keep {current}"


def clock(seconds: float) -> str:
    """Say a moment (seconds of the epoch) so that the sentence stays the same from poll to poll."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%SZ")
