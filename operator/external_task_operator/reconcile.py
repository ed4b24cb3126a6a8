"""One poll of one scaler: from what the engine told to replicas and status."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from external_tasks.engine import EngineClient

from external_task_operator import protect, targets
from external_task_operator.cluster import Cluster
from external_task_operator.decision import Decision
from external_task_operator.engines import Engines
from external_task_operator.errors import EngineFailure, FailureKind, TargetFailure
from external_task_operator.leases import Leases
from external_task_operator.metrics import Counters
from external_task_operator.observation import Failure, Observation
from external_task_operator.observe import Reading
from external_task_operator.policy import decide
from external_task_operator.registry import Registry
from external_task_operator.reporter import Reporter
from external_task_operator.scaler import Scaler
from external_task_operator.spec import ScalerSpec
from external_task_operator.status import Report
from external_task_operator.targets import Owners, Scale
from external_task_operator.tidy import Tidier


@dataclass(frozen=True)
class Parts:
    """What polls work with."""

    cluster: Cluster
    registry: Registry
    engines: Engines
    leases: Leases
    owners: Owners
    reporter: Reporter
    tidier: Tidier
    counters: Counters
    wall: Callable[[], float] = time.time


def reconcile(parts: Parts, scaler: Scaler, engine: EngineClient | None, reading: Reading) -> None:
    """Decide on a scaler, act, and report.

    Args:
        parts: what to work with.
        scaler: the scaler.
        engine: its engine; None if there are no credentials for it.
        reading: what the engine told about its topics, and perhaps about others.

    Raises:
        ClusterError: the API server did not do what is needed to go on.
    """
    if scaler.spec is None:
        parts.reporter.report(scaler, Report(seen=Observation(0, failure=scaler.invalid)))
    else:
        _Poll(parts, scaler, scaler.spec, engine).run(reading)


@dataclass(frozen=True)
class _Poll:
    parts: Parts
    scaler: Scaler
    spec: ScalerSpec
    engine: EngineClient | None

    def run(self, reading: Reading) -> None:
        seen = self._believable(self._seen(reading))
        try:
            scale = targets.read(self.parts.cluster, self.scaler.namespace, self.spec.scale_target_ref)
        except TargetFailure as error:
            self.parts.reporter.report(self.scaler, Report(seen=seen, target_failure=_failure(error)))
            return
        report = self._act(scale, replace(seen, replicas=scale.replicas))
        self.parts.tidier.tidy(self.scaler, self.spec, scale, report, self.engine)
        self.parts.reporter.report(self.scaler, report)

    def _seen(self, reading: Reading) -> Observation:
        topics = self.spec.topics
        counts = {topic: reading.counts[topic] for topic in topics if topic in reading.counts}
        failure = reading.failure if len(counts) < len(topics) else None
        created = [reading.oldest[topic] for topic in topics if topic in reading.oldest]
        age = max(self.parts.wall() - min(created), 0.0) if created else None
        return Observation(0, counts, failure, age)

    def _believable(self, seen: Observation, *, fresh: bool = False) -> Observation:
        if seen.failure is not None or seen.blind:
            return seen
        tasks = seen.unlocked + seen.locked
        try:
            doubt = self.parts.engines.doubt(self.scaler.namespace, self.spec.engine, tasks, fresh=fresh)
        except EngineFailure as error:
            doubt = _failure(error)
        if doubt is None:
            return seen
        return replace(seen, failure=doubt, counts=seen.counts if tasks else {})

    def _act(self, scale: Scale, seen: Observation) -> Report:
        now = self.parts.wall()
        decision = decide(self.spec, seen, self.scaler.history, now)
        if decision.act and decision.replicas < scale.replicas and decision.active is False:
            # All depends on the 0 being a 0: the right to see tasks may have been revoked a moment ago.
            seen = self._believable(seen, fresh=True)
            decision = decide(self.spec, seen, self.scaler.history, now)
        try:
            self._refuse_rivals()
            decision = self._spare(decision, scale)
            scaled = self._scale(decision, scale)
        except TargetFailure as error:
            self.scaler.history = decision.history
            return Report(replace(decision, act=False), seen, target_failure=_failure(error))
        self.parts.counters.decided(decision, scaled=scaled)
        self.scaler.history = decision.history
        if scaled:
            self._remember(decision, now)
        return Report(decision, seen, scaled=scaled)

    def _refuse_rivals(self) -> None:
        target = self.spec.scale_target_ref
        if rival := self.parts.registry.rival(self.scaler):
            message = f"{rival.name} is older and scales {target} too: remove one of the two scalers"
            raise TargetFailure(FailureKind.TARGET_OWNED, message)
        self.parts.owners.refuse_foreign(self.scaler.namespace, target)

    def _spare(self, decision: Decision, scale: Scale) -> Decision:
        scale_in = decision.act and decision.replicas < scale.replicas
        # What the fallback asks for is meant for when nobody can tell who is at work.
        if not scale_in or not self.spec.protect_busy_pods or self.engine is None or decision.fallback:
            return decision
        # Whatever comes of it, pods may carry marks from here on.
        self.scaler.marks_left = True
        now = self.parts.wall()
        return protect.spare_busy_pods(decision, scale, self.parts.cluster, self.engine, self.spec, now)

    def _scale(self, decision: Decision, scale: Scale) -> bool:
        # A poll may take long, and end after this operator has lost its say, or the scaler has been deleted,
        # paused or changed in another way; then the next poll follows at once.
        may = self.parts.leases.holds(self.scaler.namespace) and self.parts.registry.knows(self.scaler)
        if not decision.act or not may or self.scaler.spec is not self.spec:
            return False
        targets.write(self.parts.cluster, scale, decision.replicas)
        return True

    def _remember(self, decision: Decision, now: float) -> None:
        behavior = self.spec.behavior
        longest = max(behavior.scale_up.longest_period_seconds, behavior.scale_down.longest_period_seconds)
        change = decision.replicas - decision.current
        self.scaler.history = self.scaler.history.scaled(change, now, keep_seconds=longest)
        self.scaler.marks_left = True


def _failure(error: EngineFailure | TargetFailure) -> Failure:
    return Failure(error.kind, error.message)
