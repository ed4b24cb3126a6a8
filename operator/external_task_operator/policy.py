"""The scaling policy: what was seen and remembered goes in, a decision comes out; nothing else happens.

The order is that of the HPA: recommendation, stabilisation windows, rate policies, bounds. Around it stand
the rules that an HPA lacks: 0 needs ``cooldownPeriod`` without any task, and what is not known is not 0.
"""

from dataclasses import dataclass, field, replace

from external_task_operator.behavior import limit_rate, stabilise
from external_task_operator.decision import Decision, Limit, Reason, clock, headline
from external_task_operator.demand import Demand, assess
from external_task_operator.history import History
from external_task_operator.observation import Observation
from external_task_operator.spec import ScalerSpec

_MISSED_POLLS = 3
_MISSED_SECONDS = 10.0


def decide(spec: ScalerSpec, seen: Observation, history: History, now: float) -> Decision:
    """Decide on the replicas of a target.

    Args:
        spec: what the user asks for.
        seen: what this poll has seen.
        history: what the last decision said to remember, plus the scale events since.
        now: seconds of the epoch.
    """
    history = _continued(history, spec, now)
    if not history.runs:
        # As the HPA does: what is there counts as the first recommendation, so that a new operator
        # does not begin with a scale-in.
        history = _recommend(history, seen.replicas, spec, now)
    decision = _blindly(spec, seen, history, now) if seen.blind else _knowingly(spec, seen, history, now)
    if decision.replicas == seen.replicas:
        decision = replace(decision, act=False)
    if spec.paused:
        return decision.withheld(Reason.PAUSED, f"Paused, stays at {seen.replicas}")
    if spec.dry_run:
        return decision.withheld(Reason.DRY_RUN, f"Dry run, stays at {seen.replicas}")
    return decision


def _continued(history: History, spec: ScalerSpec, now: float) -> History:
    history = history.before(now)
    longest = max(spec.polling_interval * _MISSED_POLLS, _MISSED_SECONDS)
    if history.runs and now - history.runs[-1].until > longest:
        # The API server or the target was away, the lease was another's, or the process was suspended.
        return history.resumed(now)
    return history


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


def _knowingly(spec: ScalerSpec, seen: Observation, history: History, now: float) -> Decision:
    demand = assess(spec, seen, history, now)
    tasks = seen.unlocked + seen.locked
    if tasks or history.last_active is None:
        history = replace(history, last_active=now)
    plan = _Plan(seen.replicas, demand.replicas)
    _apply_windows(plan, spec, history, now)
    _apply_rates(plan, spec, history, now)
    _apply_bounds(plan, spec)
    _keep_what_is_not_known(plan, spec, seen)
    _keep_until_cooled(plan, spec, history, now)
    history = _recommend(history, demand.replicas, spec, now)
    history = replace(history, failures=history.failures + 1 if seen.failure else 0)
    asks = "" if tasks == 0 else f", {_asks(demand.replicas)}"
    said = "; ".join([f"{headline(plan.current, plan.replicas)}: {demand.formula}{asks}", *plan.notes])
    return Decision(
        current=plan.current,
        replicas=plan.replicas,
        reason=_reason(plan, demand, tasks),
        sentence=f"{said}.",
        history=history,
        active=True if tasks else None if seen.failure else False,
        stabilised=plan.stabilised,
        limited=plan.limited,
    )


def _blindly(spec: ScalerSpec, seen: Observation, history: History, now: float) -> Decision:
    failures = history.failures + 1
    history = replace(history.resumed(now), failures=failures)
    if history.last_active is not None and seen.replicas > 0:
        history = replace(history, last_active=now)
    falls_back = spec.fallback is not None and failures >= spec.fallback.failure_threshold
    wanted = _fallback_replicas(spec, seen.replicas) if falls_back else seen.replicas
    replicas = _bounded(wanted, spec)
    if falls_back:
        history = _recommend(history, replicas, spec, now)
    why = seen.failure.message.rstrip(".") if seen.failure else "the tasks could not be counted"
    rule = "fallback is in force" if falls_back else "what is not known is not taken as 0"
    return Decision(
        current=seen.replicas,
        replicas=replicas,
        reason=Reason.FALLBACK if falls_back else Reason.HOLDING,
        sentence=f"{headline(seen.replicas, replicas)}: {why}; {rule}.",
        history=history,
        fallback=falls_back,
    )


def _fallback_replicas(spec: ScalerSpec, current: int) -> int:
    if spec.fallback is None or spec.fallback.behavior == "currentReplicas":
        return current
    if spec.fallback.behavior == "currentReplicasIfHigher":
        return max(current, spec.fallback.replicas)
    if spec.fallback.behavior == "currentReplicasIfLower":
        return min(current, spec.fallback.replicas)
    return spec.fallback.replicas


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


def _apply_bounds(plan: _Plan, spec: ScalerSpec) -> None:
    if plan.change(min(plan.replicas, spec.max_replica_count), Reason.AT_MAXIMUM, _maximum(spec)):
        plan.limited = Limit.TOO_MANY_REPLICAS
    if plan.change(max(plan.replicas, spec.min_replica_count), Reason.AT_MINIMUM, _minimum(spec)):
        plan.limited = Limit.TOO_FEW_REPLICAS


def _keep_what_is_not_known(plan: _Plan, spec: ScalerSpec, seen: Observation) -> None:
    if seen.failure is not None and plan.replicas < plan.current:
        kept = _bounded(plan.current, spec)
        missing = seen.failure.message.rstrip(".")
        plan.change(kept, Reason.PARTLY_BLIND, f"no scale-in while some topics are not known: {missing}")


def _keep_until_cooled(plan: _Plan, spec: ScalerSpec, history: History, now: float) -> None:
    last_active = now if history.last_active is None else history.last_active
    cooled = last_active + spec.cooldown_period
    if plan.replicas == 0 < plan.current and now < cooled:
        note = f"to 0 at {clock(cooled)}, when cooldownPeriod ({spec.cooldown_period} s) is over"
        plan.change(1, Reason.COOLDOWN, note)


def _bounded(replicas: int, spec: ScalerSpec) -> int:
    return min(max(replicas, spec.min_replica_count), spec.max_replica_count)


def _recommend(history: History, replicas: int, spec: ScalerSpec, now: float) -> History:
    return history.recommended(
        replicas,
        now,
        up_window=spec.behavior.scale_up.stabilization_window_seconds,
        down_window=spec.behavior.scale_down.stabilization_window_seconds,
    )


def _reason(plan: _Plan, demand: Demand, tasks: int) -> Reason:
    if plan.replicas == plan.current and plan.held_by:
        return plan.held_by
    if plan.replicas > plan.current:
        return Reason.TASK_TOO_OLD if demand.too_old else Reason.SCALE_UP
    if plan.replicas < plan.current:
        return Reason.SCALE_DOWN
    return Reason.AT_TARGET if tasks or plan.current else Reason.IDLE


def _asks(replicas: int) -> str:
    return f"ask for {replicas}"


def _maximum(spec: ScalerSpec) -> str:
    return f"maxReplicaCount is {spec.max_replica_count}"


def _minimum(spec: ScalerSpec) -> str:
    return f"minReplicaCount is {spec.min_replica_count}"
