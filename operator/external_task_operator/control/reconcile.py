"""One poll of one scaler: from what the engine told to replicas and status."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from external_tasks.engine.client import EngineClient

from external_task_operator.control.cleanup import Cleanup
from external_task_operator.control.events import Recorder
from external_task_operator.control.metrics import Counters
from external_task_operator.control.registry import Registry
from external_task_operator.control.reporter import Reporter
from external_task_operator.control.scaler import Scaler
from external_task_operator.engine.connections import Engines
from external_task_operator.engine.counts import Reading
from external_task_operator.errors import EngineFailure, FailureKind, TargetFailure
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.kubernetes.discovery import Kinds
from external_task_operator.kubernetes.leader_election import Leases
from external_task_operator.policy.decision import Decision
from external_task_operator.policy.observation import Failure, Observation
from external_task_operator.policy.policy import decide
from external_task_operator.scaling import scale_in, take_over, target
from external_task_operator.scaling.inspection import inspect
from external_task_operator.scaling.owners import CompetingAutoscalers
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec
from external_task_operator.status.inspection import Inspection
from external_task_operator.status.status import PollResult

_INSPECT_SECONDS = 30.0
_INSPECT_IDLE_SECONDS = 300.0
_INSPECT_FAILING_SECONDS = 5.0


@dataclass(frozen=True)
class Parts:
    """What polls work with."""

    cluster: Cluster
    kinds: Kinds
    registry: Registry
    engines: Engines
    leases: Leases
    competitors: CompetingAutoscalers
    recorder: Recorder
    reporter: Reporter
    cleanup: Cleanup
    counters: Counters
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


def reconcile(parts: Parts, scaler: Scaler, engine: EngineClient | None, reading: Reading) -> None:
    """Decide on a scaler, act, and report.

    Args:
        parts: what to work with.
        scaler: the scaler.
        engine: its engine; None if there are no credentials for it.
        reading: what the engine answered about its topics, and perhaps about others.
    """
    parts.cleanup.leave(scaler)
    if scaler.spec is None:
        parts.reporter.report(scaler, PollResult(seen=Observation(0, failure=scaler.invalid)))
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
            scale = target.read(
                self.parts.cluster, self.parts.kinds, self.scaler.namespace, self.spec.scale_target_ref
            )
        except TargetFailure as error:
            self.parts.reporter.report(self.scaler, PollResult(seen=seen, target_failure=_failure(error)))
            return
        before = self.scaler.inspection
        if before and before.none_ready:
            # Looked at again first: what held back a scale-up may be over.
            before = self._inspect(scale, seen, reading)
        none_ready = before is not None and before.none_ready and scale.actual > 0
        result = self._act(scale, replace(seen, replicas=scale.replicas, none_ready=none_ready))
        failure = self.parts.cleanup.clean_up(self.scaler, self.spec, scale, result, self.engine, reading)
        inspection = self._inspect(scale, result.seen, reading)
        self.parts.reporter.report(
            self.scaler, replace(result, cleanup_failure=failure, inspection=inspection)
        )

    def _inspect(self, scale: Scale, seen: Observation | None, reading: Reading) -> Inspection | None:
        """Look at the pods, at most once in a while."""
        now, last = self.parts.clock(), self.scaler.inspection
        busy = seen is not None and seen.unlocked + seen.locked > 0
        if last and last.none_ready and busy:
            pause = _INSPECT_FAILING_SECONDS
        else:
            pause = _INSPECT_SECONDS if busy or (last and last.alarming) else _INSPECT_IDLE_SECONDS
        # Without pods a look costs nothing.
        if last is not None and scale.actual and now - self.scaler.inspected_at < pause:
            return last
        targets = {each.spec.scale_target_ref.name for each in self.parts.registry.all() if each.spec}
        engine = self.engine if seen and seen.locked else None
        inspection = inspect(
            self.parts.cluster, engine, scale, self.spec.topics, targets, reading.locked, self.parts.wall()
        )
        self.scaler.inspection, self.scaler.inspected_at = inspection, now
        return inspection

    def _seen(self, reading: Reading) -> Observation:
        topics = self.spec.topics
        counts = {topic: reading.counts[topic] for topic in topics if topic in reading.counts}
        failure = reading.failure if len(counts) < len(topics) else None
        created = [reading.oldest[topic] for topic in topics if topic in reading.oldest]
        return Observation(0, counts, failure, self._age(min(created)) if created else None)

    def _age(self, created: float) -> float | None:
        try:
            now = self.parts.engines.now(self.scaler.namespace, self.spec.engine)
        except EngineFailure:
            return None
        return max(now - created, 0.0)

    def _believable(self, seen: Observation, *, fresh: bool = False) -> Observation:
        if seen.failure is not None or seen.unavailable:
            return seen
        tasks = seen.unlocked + seen.locked
        try:
            doubt = self.parts.engines.doubt(
                self.scaler.namespace, self.spec.engine, tasks, only=self.spec.task_filter, fresh=fresh
            )
        except EngineFailure as error:
            doubt = _failure(error)
        if doubt is None:
            return seen
        return replace(seen, failure=doubt, counts=seen.counts if tasks else {})

    def _act(self, scale: Scale, seen: Observation) -> PollResult:
        now = self.parts.wall()
        decision = decide(self.spec, seen, self.scaler.history, now)
        if decision.act and decision.replicas < scale.replicas and decision.active is False:
            # All depends on the 0 being a 0: the right to see tasks may have been revoked a moment ago.
            seen = self._believable(seen, fresh=True)
            decision = decide(self.spec, seen, self.scaler.history, now)
        try:
            self._refuse_competitors()
            decision = self._spare(decision, scale)
            scaled = self._scale(decision, scale)
        except TargetFailure as error:
            self.scaler.history = decision.history
            return PollResult(replace(decision, act=False), seen, target_failure=_failure(error))
        self.parts.counters.decided(decision, scaled=scaled)
        self.scaler.history = decision.history
        if scaled:
            self._remember(decision, now)
        return PollResult(decision, seen, scaled=scaled)

    def _refuse_competitors(self) -> None:
        target = self.spec.scale_target_ref
        if older := self.parts.registry.older(self.scaler):
            message = f"{older.name} is older and scales {target} too: remove one of the two scalers"
            raise TargetFailure(FailureKind.TARGET_OWNED, message)
        take_over.settle(
            self.parts.competitors,
            self.scaler.namespace,
            self.scaler.name,
            self.spec,
            may_act=self._may_act() and not (self.spec.paused or self.spec.dry_run),
            tell=lambda reason, message: self.parts.recorder.about(self.scaler, "Normal", reason, message),
        )

    def _spare(self, decision: Decision, scale: Scale) -> Decision:
        shrinks = decision.act and decision.replicas < scale.replicas
        if (
            shrinks
            and self.spec.protect_busy_pods
            and self.engine is None
            and self.spec.paused_replicas is not None
        ):
            return decision.spared(decision.current, "it is not known which pods are busy")
        # What the fallback asks for is meant for when nobody can tell who is at work.
        if not shrinks or not self.spec.protect_busy_pods or self.engine is None or decision.fallback:
            return decision
        # Whatever comes of it, pods may carry annotations from here on.
        self.scaler.annotations_left, self.scaler.annotated = True, scale
        now = self.parts.wall()
        return scale_in.spare_busy_pods(decision, scale, self.parts.cluster, self.engine, self.spec, now)

    def _scale(self, decision: Decision, scale: Scale) -> bool:
        if not decision.act or not self._may_act():
            return False
        target.write(self.parts.cluster, scale, decision.replicas)
        return True

    def _may_act(self) -> bool:
        # A poll may take long, and end after this operator has lost its lease, or after the scaler has been
        # deleted, paused or changed in another way; then the next poll follows at once.
        may = self.parts.leases.holds(self.scaler.namespace) and self.parts.registry.knows(self.scaler)
        return may and self.scaler.spec is self.spec

    def _remember(self, decision: Decision, now: float) -> None:
        behavior = self.spec.behavior
        longest = max(behavior.scale_up.longest_period_seconds, behavior.scale_down.longest_period_seconds)
        change = decision.replicas - decision.current
        self.scaler.history = self.scaler.history.scaled(change, now, keep_seconds=longest)
        self.scaler.annotations_left = True


def _failure(error: EngineFailure | TargetFailure) -> Failure:
    return Failure(error.kind, error.message)
