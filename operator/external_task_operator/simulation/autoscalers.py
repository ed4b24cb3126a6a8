"""The autoscalers that are compared: this operator's policy, and the published algorithms of HPA and KEDA.

The models of the others are kind to them: metrics are never stale, API calls take no time, and their starting
phase is drawn at random as it is in a cluster.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from external_task_operator.policy.behavior import limit_rate, stabilise
from external_task_operator.policy.bounds import highest_maximum
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Observation, TopicCount
from external_task_operator.policy.policy import decide
from external_task_operator.simulation.fleet import Fleet
from external_task_operator.spec import Behavior, ScalerSpec

Metric = Literal["unlocked", "all"]

_TOLERANCE = 0.1
_TOPIC = "simulated"

HPA_BEHAVIOR = Behavior.model_validate(
    {
        "scaleUp": {
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 15},
                {"type": "Pods", "value": 4, "periodSeconds": 15},
            ]
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
        },
    }
)
"""The HPA's defaults."""


class Autoscaler(Protocol):
    """Looks at the fleet now and then and changes its replicas."""

    @property
    def maximum(self) -> int:
        """The most replicas that it ever wants."""
        ...

    def next_look(self) -> float:
        """Return when it looks next, in seconds."""
        ...

    def look(self, fleet: Fleet, now: float) -> None:
        """Look and act."""
        ...


def simulated_spec(**spec: Any) -> ScalerSpec:
    """Return the spec of a scaler whose target, engine and topics are the simulator's own."""
    own = {"scaleTargetRef": {"name": "simulated"}, "engine": {"url": "http://simulated"}, "topics": [_TOPIC]}
    return ScalerSpec.model_validate({**own, **spec})


@dataclass
class Ours:
    """This operator.

    Attributes:
        spec: of the scaler.
        at: when it looks next.
    """

    spec: ScalerSpec
    at: float = 0.0
    history: History = field(default_factory=History)

    @property
    def maximum(self) -> int:
        """The most replicas that it ever wants."""
        return highest_maximum(self.spec)

    def next_look(self) -> float:
        """Return when it looks next, in seconds."""
        return self.at

    def look(self, fleet: Fleet, now: float) -> None:
        """Decide by the policy; take no pod that holds a lock."""
        self.at = now + self.spec.polling_interval
        oldest = now - fleet.waiting[0].created if fleet.waiting else None
        counts = {_TOPIC: TopicCount(len(fleet.waiting), fleet.locked)}
        decision = decide(self.spec, Observation(fleet.replicas, counts, None, oldest), self.history, now)
        self.history = decision.history
        replicas = decision.replicas
        if self.spec.protect_busy_pods:
            wanted = fleet.victims(fleet.replicas - replicas, idle_first=True)
            replicas = max(replicas, fleet.replicas - sum(not pod.tasks for pod in wanted))
        if replicas != fleet.replicas:
            rules = self.spec.behavior.scale_up, self.spec.behavior.scale_down
            longest = max(each.longest_period_seconds for each in rules)
            self.history = self.history.scaled(replicas - fleet.replicas, now, keep_seconds=longest)
            fleet.scale(replicas, now, idle_first=self.spec.protect_busy_pods)


@dataclass
class Hpa:
    """A HorizontalPodAutoscaler on an external metric with an AverageValue target.

    Attributes:
        target: value per replica.
        maximum: maxReplicas.
        minimum: minReplicas.
        metric: tasks that wait, or with those that are locked.
        at: when it looks next.
        interval: ``--horizontal-pod-autoscaler-sync-period``, seconds.
    """

    target: int
    maximum: int
    minimum: int = 1
    metric: Metric = "unlocked"
    at: float = 0.0
    interval: float = 15.0
    history: History = field(default_factory=History)

    def next_look(self) -> float:
        """Return when it looks next, in seconds."""
        return self.at

    def look(self, fleet: Fleet, now: float) -> None:
        """One pass of the HPA's controller."""
        self.at = now + self.interval
        replicas = self.desired(measure(fleet, self.metric), fleet.replicas, now)
        if replicas != fleet.replicas:
            self.history = self.history.scaled(replicas - fleet.replicas, now, keep_seconds=15)
            fleet.scale(replicas, now, idle_first=False)

    def desired(self, value: float, current: int, now: float) -> int:
        """Return the replicas for a value of the metric; remembers it as a recommendation."""
        if not self.history.runs:
            self._recommend(current, now)
        if current > self.maximum or current < self.minimum:
            return min(max(current, self.minimum), self.maximum)
        ratio = value / (self.target * current) if current else math.inf
        proposed = current if abs(1 - ratio) <= _TOLERANCE else math.ceil(value / self.target)
        stable = stabilise(current, proposed, HPA_BEHAVIOR, self.history, now)
        self._recommend(proposed, now)
        limited = limit_rate(current, stable, HPA_BEHAVIOR, self.history, now)
        return min(max(limited, self.minimum), self.maximum)

    def _recommend(self, replicas: int, now: float) -> None:
        down = HPA_BEHAVIOR.scale_down.stabilization_window_seconds
        self.history = self.history.recommended(replicas, now, up_window=0, down_window=down)


@dataclass
class Keda:
    """KEDA: its own loop switches between 0 and 1, an HPA that it makes does the rest.

    Source: kedacore/keda, pkg/scaling/executor/scale_scaledobjects.go.

    Attributes:
        hpa: the HPA; its minimum is at least 1.
        minimum: minReplicaCount; only with 0 does it ever go to 0.
        at: when KEDA looks next.
        interval: pollingInterval, seconds.
        cooldown: cooldownPeriod, seconds.
    """

    hpa: Hpa
    minimum: int = 0
    at: float = 0.0
    interval: float = 30.0
    cooldown: float = 300.0
    last_active: float = -math.inf

    @property
    def maximum(self) -> int:
        """The most replicas that it ever wants."""
        return self.hpa.maximum

    def next_look(self) -> float:
        """Return when either looks next, in seconds."""
        return min(self.at, self.hpa.at)

    def look(self, fleet: Fleet, now: float) -> None:
        """Let KEDA's loop or the HPA look, whichever is due."""
        if self.at <= now:
            self._switch(fleet, now)
        if self.hpa.at <= now:
            self.hpa.at = now + self.hpa.interval
            if fleet.replicas > 0:
                # At 0 an HPA is disabled.
                self.hpa.look(fleet, now)

    def _switch(self, fleet: Fleet, now: float) -> None:
        self.at = now + self.interval
        if measure(fleet, self.hpa.metric) > 0:
            self.last_active = now
            if fleet.replicas == 0:
                fleet.scale(self.hpa.minimum, now, idle_first=False)
        elif fleet.replicas < self.minimum:
            fleet.scale(self.minimum, now, idle_first=False)
        elif self.minimum == 0 < fleet.replicas and now - self.last_active > self.cooldown:
            fleet.scale(0, now, idle_first=False)


def measure(fleet: Fleet, metric: Metric) -> int:
    """Return what a metric shows."""
    return len(fleet.waiting) + (fleet.locked if metric == "all" else 0)
