"""How many replicas the tasks ask for, before speed limits and bounds.

With U waiting and L locked tasks, c tasks per replica, S seconds per task and D seconds to drain in:

- ``tasksPerReplica`` alone: (U + L) / c, KEDA's and HPA's AverageValue with what is in work included;
- with ``drainSeconds``: (L / 0.8 + U * S / D) / c. L is the measured offered load (Little's law: arrival rate
  times service time is the mean number in work), kept at 80 % utilisation, plus the slots that drain U in D.
"""

import math
from dataclasses import dataclass

from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Observation
from external_task_operator.spec import Behavior, ScalerSpec, Target

UTILISATION = 0.8
"""Share of the slots that work in hand may take when ``drainSeconds`` is set; the rest awaits what comes."""

_FASTEST_GROWTH = 2.0
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Recommendation:
    """What the tasks ask for.

    Attributes:
        replicas: whole replicas, not bounded by anything.
        formula: how it came about, for people.
        too_old: the oldest task waits for longer than it may.
        asked: what the tasks ask for before the tolerance; None where it makes no difference.
    """

    replicas: int
    formula: str
    too_old: bool = False
    asked: int | None = None


def assess(spec: ScalerSpec, seen: Observation, history: History, now: float) -> Recommendation:
    """Return how many replicas the tasks ask for."""
    tasks = seen.unlocked + seen.locked
    formula = _describe(spec.target, seen)
    if tasks == 0:
        return Recommendation(0, formula)
    asked = _ratio(spec.target, seen.unlocked, seen.locked)
    # A replica that has no task cannot help.
    exact = replicas = min(math.ceil(asked - _ROUNDING), tasks)
    if _within_tolerance(asked, seen.replicas, spec.behavior):
        replicas = seen.replicas
    if _too_old(spec.target, seen):
        replicas = max(replicas, min(_for_age(spec.target, seen, history, now), tasks))
        return Recommendation(
            replicas, f"{formula}, the oldest waits for {seen.oldest_seconds:.0f} s", too_old=True
        )
    return Recommendation(replicas, formula, asked=exact if exact != replicas else None)


def _ratio(target: Target, unlocked: int, locked: int) -> float:
    if target.drain_seconds is None or target.average_task_seconds is None:
        return (unlocked + locked) / target.tasks_per_replica
    slots = locked / UTILISATION + unlocked * target.average_task_seconds / target.drain_seconds
    return slots / target.tasks_per_replica


def _within_tolerance(asked: float, current: int, behavior: Behavior) -> bool:
    if current == 0:
        return False
    lowest = 1 - behavior.scale_down.tolerance
    highest = 1 + behavior.scale_up.tolerance
    return lowest <= asked / current <= highest


def _too_old(target: Target, seen: Observation) -> bool:
    if target.max_task_age_seconds is None or seen.oldest_seconds is None:
        return False
    return seen.oldest_seconds > target.max_task_age_seconds


def _for_age(target: Target, seen: Observation, history: History, now: float) -> int:
    limit = target.max_task_age_seconds or 1
    # The last step gets as long as a task may wait before the next is taken: new pods have to start first.
    if history.last_scale is not None and now - history.last_scale < limit:
        return seen.replicas
    growth = min((seen.oldest_seconds or 0) / limit, _FASTEST_GROWTH)
    return max(seen.replicas + 1, math.ceil(seen.replicas * growth))


def _describe(target: Target, seen: Observation) -> str:
    tasks = seen.unlocked + seen.locked
    if tasks == 0:
        return "no tasks"
    noun = "task" if tasks == 1 else "tasks"
    counted = f"{tasks} {noun} ({seen.unlocked} waiting, {seen.locked} locked)"
    if target.drain_seconds is None:
        return f"{counted}, {target.tasks_per_replica} per replica"
    return (
        f"{counted}, {target.tasks_per_replica} at a time per replica, "
        f"{target.average_task_seconds:g} s each, to be drained in {target.drain_seconds:g} s"
    )
