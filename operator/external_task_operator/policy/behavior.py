"""HPA's speed limits: stabilisation windows and rate policies, as its controller computes them.

Source: kubernetes, pkg/controller/podautoscaler/horizontal.go, ``stabilizeRecommendationWithBehaviors``,
``calculateScaleUpLimitWithScalingRules`` and ``calculateScaleDownLimitWithBehaviors``.
"""

import math

from external_task_operator.policy.history import History
from external_task_operator.spec import Behavior, ScalingPolicy, ScalingRules


def stabilise(current: int, recommended: int, behavior: Behavior, history: History, now: float) -> int:
    """Bring the current replicas within what all recommendations of the windows allow.

    Args:
        current: replicas now.
        recommended: the recommendation of this moment, not yet in the history.
        behavior: holds the two windows.
        history: the recommendations before this one.
        now: seconds of the epoch.
    """
    up_cutoff = now - behavior.scale_up.stabilization_window_seconds
    down_cutoff = now - behavior.scale_down.stabilization_window_seconds
    lower = min([recommended, *history.recommendations_since(up_cutoff)])
    upper = max([recommended, *history.recommendations_since(down_cutoff)])
    return min(max(current, lower), upper)


def limit_rate(current: int, wanted: int, behavior: Behavior, history: History, now: float) -> int:
    """Cut a change to what the policies of its direction allow at this moment."""
    if wanted > current:
        limit = _highest(current, behavior.scale_up, history, now)
        return wanted if limit is None else min(wanted, limit)
    if wanted < current:
        limit = _lowest(current, behavior.scale_down, history, now)
        return wanted if limit is None else max(wanted, limit)
    return current


def _highest(current: int, rules: ScalingRules, history: History, now: float) -> int | None:
    if rules.select_policy == "Disabled":
        return current
    if not rules.policies:
        return None
    choose = max if rules.select_policy == "Max" else min
    limit = choose(_up_limit(current, policy, history, now) for policy in rules.policies)
    # A percentage of nothing is nothing: without this a target at 0 could never start.
    return max(limit, current, 1)


def _up_limit(current: int, policy: ScalingPolicy, history: History, now: float) -> int:
    start = _at_start_of_period(current, policy, history, now)
    if policy.type == "Pods":
        return start + policy.value
    return math.ceil(start * (100 + policy.value) / 100)


def _lowest(current: int, rules: ScalingRules, history: History, now: float) -> int | None:
    if rules.select_policy == "Disabled":
        return current
    if not rules.policies:
        return None
    choose = min if rules.select_policy == "Max" else max
    return min(choose(_down_limit(current, policy, history, now) for policy in rules.policies), current)


def _down_limit(current: int, policy: ScalingPolicy, history: History, now: float) -> int:
    start = _at_start_of_period(current, policy, history, now)
    if policy.type == "Pods":
        return start - policy.value
    return math.trunc(start * (100 - policy.value) / 100)


def _at_start_of_period(current: int, policy: ScalingPolicy, history: History, now: float) -> int:
    added, removed = history.changes_since(now - policy.period_seconds)
    return current - added + removed
