"""The scaling policy: what was seen and remembered goes in, a decision comes out; nothing else happens.

The order is that of the HPA: recommendation, stabilisation windows, rate policies, bounds. Around it stand
the rules that an HPA lacks: 0 needs ``cooldownPeriod`` without any task, and what is not known is not 0.
"""

from dataclasses import dataclass, field, replace

from external_task_operator.policy.behavior import limit_rate, stabilise
from external_task_operator.policy.bounds import Bounds, bounds_at
from external_task_operator.policy.decision import Decision, Limit, Reason, clock, headline
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Observation
from external_task_operator.policy.recommendation import Recommendation, assess
from external_task_operator.spec import ScalerSpec


def decide(spec: ScalerSpec, seen: Observation, history: History, now: float) -> Decision:
    """Decide on the replicas of a target.

    Args:
        spec: what the user asks for.
        seen: what this poll has seen.
        history: what the last decision said to remember, plus the scale events since.
        now: seconds of the epoch.
    """
    history, bounds = _continued(history, now), bounds_at(spec, now)
    if not history.runs:
        # As the HPA does: what is there counts as the first recommendation, so that a new operator
        # does not begin with a scale-in.
        history = _recommend(history, seen.replicas, spec, now)
    decision = (
        _without_counts(spec, seen, history, bounds, now)
        if seen.unavailable
        else _with_counts(spec, seen, history, bounds, now)
    )
    if decision.replicas == seen.replicas:
        decision = replace(decision, act=False)
    if spec.paused_replicas is not None:
        return _kept_at(spec.paused_replicas, decision)
    if spec.paused:
        why = f" because {spec.pause_problem}" if spec.pause_problem else ""
        return decision.withheld(Reason.PAUSED, f"Paused{why}, stays at {seen.replicas}")
    if spec.dry_run:
        return decision.withheld(Reason.DRY_RUN, f"Dry run, stays at {seen.replicas}")
    return decision


def _kept_at(replicas: int, decision: Decision) -> Decision:
    """Go to the replicas that the annotation names, and stay there whatever the tasks ask for."""
    head = headline(decision.current, replicas)
    return replace(
        decision,
        replicas=replicas,
        act=replicas != decision.current,
        reason=Reason.PAUSED,
        sentence=f"{head}: paused at {replicas} by the annotation. Otherwise: {decision.sentence}",
        stabilised=None,
        limited=None,
        fallback=False,
    )


def _continued(history: History, now: float) -> History:
    # What the last look has seen is taken to have lasted until this one, so that windows and cooldown begin
    # when the tasks are found gone, however far apart the looks are.
    return history.before(now).resumed(now)


@dataclass
class _Plan:
    """A decision in the making: the replicas so far, and what has been said about them."""

    current: int
    replicas: int
    held_by: Reason | None = None
    notes: list[str] = field(default_factory=list)
    stabilised: Limit | None = None
    limited: Limit | None = None

    def change(self, replicas: int, by: Reason, note: str) -> bool:
        if replicas == self.replicas:
            return False
        self.replicas, self.held_by = replicas, by
        self.notes.append(note)
        return True


def _with_counts(
    spec: ScalerSpec, seen: Observation, history: History, bounds: Bounds, now: float
) -> Decision:
    recommendation = assess(spec, seen, history, now)
    tasks = seen.unlocked + seen.locked
    if tasks or history.last_active is None:
        history = replace(history, last_active=now)
    plan = _Plan(seen.replicas, recommendation.replicas)
    _wait_for_more(plan, spec, tasks, recommendation)
    asked = plan.replicas
    _apply_windows(plan, spec, history, now)
    _apply_rates(plan, spec, history, now)
    _wait_for_a_ready_pod(plan, seen)
    _apply_bounds(plan, bounds)
    _keep_what_is_not_known(plan, bounds, seen)
    _keep_until_cooled(plan, spec, bounds, history, now)
    history = _recommend(history, asked, spec, now)
    history = replace(history, failures=history.failures + 1 if seen.failure else 0)
    asks = "" if tasks == 0 else f", {_asks(recommendation)}"
    said = "; ".join(
        [f"{headline(plan.current, plan.replicas)}: {recommendation.formula}{asks}", *plan.notes]
    )
    return Decision(
        current=plan.current,
        replicas=plan.replicas,
        reason=_reason(plan, recommendation, tasks),
        sentence=f"{said}.",
        history=history,
        active=True if tasks else None if seen.failure else False,
        stabilised=plan.stabilised,
        limited=plan.limited,
        bounds=bounds,
    )


def _without_counts(
    spec: ScalerSpec, seen: Observation, history: History, bounds: Bounds, now: float
) -> Decision:
    failures = history.failures + 1
    history = replace(history.resumed(now), failures=failures)
    if history.last_active is not None and seen.replicas > 0:
        history = replace(history, last_active=now)
    falls_back = spec.fallback is not None and failures >= spec.fallback.failure_threshold
    wanted = _fallback_replicas(spec, seen.replicas) if falls_back else seen.replicas
    replicas = bounds.apply(wanted)
    if falls_back:
        history = _recommend(history, replicas, spec, now)
    why = seen.failure.message.rstrip(".") if seen.failure else "the tasks could not be counted"
    rule = "fallback is in force" if falls_back else "what is not known is not taken as 0"
    return Decision(
        current=seen.replicas,
        replicas=replicas,
        reason=Reason.FALLBACK if falls_back else Reason.METRICS_UNAVAILABLE,
        sentence=f"{headline(seen.replicas, replicas)}: {why}; {rule}.",
        history=history,
        fallback=falls_back,
        bounds=bounds,
    )


def _fallback_replicas(spec: ScalerSpec, current: int) -> int:
    if spec.fallback is None or spec.fallback.behavior == "currentReplicas":
        return current
    if spec.fallback.behavior == "currentReplicasIfHigher":
        return max(current, spec.fallback.replicas)
    if spec.fallback.behavior == "currentReplicasIfLower":
        return min(current, spec.fallback.replicas)
    return spec.fallback.replicas


def _wait_for_more(plan: _Plan, spec: ScalerSpec, tasks: int, recommendation: Recommendation) -> None:
    # A task that waits for too long is reason enough to start.
    if plan.current == 0 and tasks <= spec.activation_threshold and not recommendation.too_old:
        note = f"it starts at more than {spec.activation_threshold} tasks (activationThreshold)"
        plan.change(0, Reason.BELOW_ACTIVATION, note)


def _wait_for_a_ready_pod(plan: _Plan, seen: Observation) -> None:
    if seen.none_ready and plan.replicas > plan.current:
        note = "no scale-up while none of the pods becomes ready (condition PodsReady)"
        plan.change(plan.current, Reason.NO_POD_READY, note)


def _apply_windows(plan: _Plan, spec: ScalerSpec, history: History, now: float) -> None:
    wanted = plan.replicas
    stable = stabilise(plan.current, wanted, spec.behavior, history, now)
    if stable < wanted:
        window = spec.behavior.scale_up.stabilization_window_seconds
        note = f"scale-up waits until this has been asked for during {window} s"
        plan.stabilised = Limit.SCALE_UP_STABILIZED
    else:
        window = spec.behavior.scale_down.stabilization_window_seconds
        free = _scale_in_at(history, window, now)
        note = f"scale-in waits until {clock(free)}, for {stable} were asked for in the last {window} s"
        plan.stabilised = Limit.SCALE_DOWN_STABILIZED
    if not plan.change(stable, Reason.STABILIZING, note):
        plan.stabilised = None


def _scale_in_at(history: History, window: float, now: float) -> float:
    runs = [run for run in history.runs if run.until > now - window]
    highest = max(runs, key=lambda run: run.replicas, default=None)
    return (highest.until if highest else now) + window


def _apply_rates(plan: _Plan, spec: ScalerSpec, history: History, now: float) -> None:
    wanted = plan.replicas
    allowed = limit_rate(plan.current, wanted, spec.behavior, history, now)
    direction = "scaleUp" if wanted > plan.current else "scaleDown"
    if plan.change(allowed, Reason.RATE_LIMITED, f"behavior.{direction} allows {allowed} now"):
        plan.limited = Limit.SCALE_UP_LIMIT if allowed < wanted else Limit.SCALE_DOWN_LIMIT


def _apply_bounds(plan: _Plan, bounds: Bounds) -> None:
    if plan.change(min(plan.replicas, bounds.maximum), Reason.AT_MAXIMUM, bounds.maximum_said):
        plan.limited = Limit.TOO_MANY_REPLICAS
    raised = plan.change(max(plan.replicas, bounds.minimum), Reason.AT_MINIMUM, bounds.minimum_said)
    # A scaler that rests at its minimum is not limited in anything a user would want.
    if raised and plan.replicas != plan.current:
        plan.limited = Limit.TOO_FEW_REPLICAS


def _keep_what_is_not_known(plan: _Plan, bounds: Bounds, seen: Observation) -> None:
    if seen.failure is not None and plan.replicas < plan.current:
        kept = bounds.apply(plan.current)
        missing = seen.failure.message.rstrip(".")
        plan.change(
            kept, Reason.METRICS_INCOMPLETE, f"no scale-in while some topics are not known: {missing}"
        )


def _keep_until_cooled(plan: _Plan, spec: ScalerSpec, bounds: Bounds, history: History, now: float) -> None:
    last_active = now if history.last_active is None else history.last_active
    cooled = last_active + spec.cooldown_period
    if plan.replicas == 0 < plan.current and now < cooled:
        note = f"to 0 at {clock(cooled)}, when cooldownPeriod ({spec.cooldown_period} s) is over"
        plan.change(min(1, bounds.maximum), Reason.COOLDOWN, note)


def _recommend(history: History, replicas: int, spec: ScalerSpec, now: float) -> History:
    return history.recommended(
        replicas,
        now,
        up_window=spec.behavior.scale_up.stabilization_window_seconds,
        down_window=spec.behavior.scale_down.stabilization_window_seconds,
    )


def _reason(plan: _Plan, recommendation: Recommendation, tasks: int) -> Reason:
    if plan.replicas == plan.current and plan.held_by:
        return plan.held_by
    if plan.replicas > plan.current:
        return Reason.TASK_TOO_OLD if recommendation.too_old else Reason.SCALE_UP
    if plan.replicas < plan.current:
        return Reason.SCALE_DOWN
    return Reason.AT_TARGET if tasks or plan.current else Reason.IDLE


def _asks(recommendation: Recommendation) -> str:
    if recommendation.asked is None:
        return f"ask for {recommendation.replicas}"
    return f"ask for {recommendation.asked} ({recommendation.replicas} are within behavior's tolerance)"
