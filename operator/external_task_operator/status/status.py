"""The status of a scaler: what one poll came to, as JSON, and whether it is worth writing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from external_task_operator.policy.decision import Decision
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Failure, Observation
from external_task_operator.spec import ScalerSpec
from external_task_operator.status import persistence
from external_task_operator.status.conditions import Condition, merge, truth
from external_task_operator.status.inspection import Inspection
from external_task_operator.times import to_text

_SUMMARY_LIMIT = 40


@dataclass(frozen=True)
class PollResult:
    """What one poll of a scaler came to.

    Attributes:
        decision: None if there could be none, because the target or the spec cannot be read.
        seen: what was seen; its replicas mean nothing without a decision.
        target_failure: why the target cannot be scaled; None if it can.
        scaled: the replicas were changed.
        cleanup_failure: why annotations or orphaned locks are left over; None if none are.
        inspection: the last look at the pods; None before the first.
    """

    decision: Decision | None = None
    seen: Observation | None = None
    target_failure: Failure | None = None
    scaled: bool = False
    cleanup_failure: Failure | None = None
    inspection: Inspection | None = None

    @property
    def engine_failure(self) -> Failure | None:
        """Why the tasks, or some of them, are not known."""
        return self.seen.failure if self.seen else None


@dataclass(frozen=True)
class Writer:
    """The operator that writes statuses.

    Attributes:
        identity: of this operator.
        refresh_seconds: an unchanged status is written again after so long.
    """

    identity: str
    refresh_seconds: float = 60.0


def conditions(spec: ScalerSpec | None, result: PollResult) -> list[Condition]:
    """Return the conditions; an invalid scaler has `Ready` only."""
    problem = result.engine_failure or result.target_failure
    ready = Condition("Ready", "True", "Ready", "The tasks are counted and the target can be scaled.")
    if problem is not None:
        ready = Condition("Ready", "False", problem.kind, problem.message)
    if spec is None:
        return [ready]
    return [
        ready,
        _able(result),
        _active(result),
        _fallback(spec, result),
        _paused(spec),
        _limited(result),
        _pods_ready(result.inspection),
        _workers_known(result.inspection),
        _cleaned_up(result),
    ]


def build(
    spec: ScalerSpec | None,
    result: PollResult,
    history: History,
    old: Mapping[str, Any],
    *,
    generation: int,
    writer: Writer,
    now: float,
) -> dict[str, Any]:
    """Return the whole status.

    Args:
        spec: None if it is invalid.
        result: what this poll came to.
        history: what to go on with.
        old: the status that was written last.
        generation: of the spec.
        writer: the operator that writes.
        now: seconds of the epoch.
    """
    status: dict[str, Any] = {
        "observedGeneration": generation,
        "operator": writer.identity,
        "lastPollTime": to_text(now),
        "refreshSeconds": _refresh_seconds(spec, writer),
        "lastActiveTime": _text(history.last_active),
        "lastScaleTime": _text(history.last_scale),
        "topicSummary": _summary(spec.topics) if spec else None,
        "failures": history.failures,
        "conditions": merge(old.get("conditions", ()), conditions(spec, result), generation, now),
        "history": persistence.dump(history),
    }
    status |= _numbers(result)
    return {name: value for name, value in status.items() if value is not None}


def essence(status: Mapping[str, Any]) -> Any:
    """Return what must be written as soon as it changes."""
    conditions = [(each["type"], each["status"], each["reason"]) for each in status.get("conditions", ())]
    names = (
        "observedGeneration",
        "replicas",
        "desiredReplicas",
        "reason",
        "lastScaleTime",
        "activeSchedules",
    )
    return conditions, [status.get(name) for name in names]


def details(status: Mapping[str, Any]) -> Any:
    """Return what is worth writing when it changes, but not at every poll."""
    names = ("refreshSeconds", "unlocked", "locked", "topics", "decision", "failures")
    messages = [each["message"] for each in status.get("conditions", ())]
    return messages, [status.get(name) for name in names]


def _refresh_seconds(spec: ScalerSpec | None, writer: Writer) -> int:
    # The status is written at polls only.
    interval = spec.polling_interval if spec else 0
    return math.ceil(max(writer.refresh_seconds, interval))


def _numbers(result: PollResult) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    if result.seen is not None and not result.seen.unavailable:
        counts = sorted(result.seen.counts.items())
        oldest = result.seen.oldest_seconds
        numbers = {
            "unlocked": result.seen.unlocked,
            "locked": result.seen.locked,
            "oldestTaskSeconds": None if oldest is None else round(oldest),
            "topics": [{"name": name, "unlocked": c.unlocked, "locked": c.locked} for name, c in counts],
        }
    if result.decision is not None:
        numbers |= {
            "replicas": result.decision.replicas if result.scaled else result.decision.current,
            "desiredReplicas": result.decision.replicas,
            "reason": result.decision.reason,
            "decision": result.decision.sentence,
        }
        if result.decision.bounds and result.decision.bounds.schedules:
            numbers["activeSchedules"] = list(result.decision.bounds.schedules)
    if problem := result.target_failure or (None if result.decision else result.engine_failure):
        otherwise = f" Otherwise: {result.decision.sentence}" if result.decision else ""
        sentence = f"Nothing is scaled: {problem.message.rstrip('.')}.{otherwise}"
        numbers |= {"reason": problem.kind, "decision": sentence}
    return numbers


def _able(result: PollResult) -> Condition:
    if result.target_failure is not None:
        return Condition("AbleToScale", "False", result.target_failure.kind, result.target_failure.message)
    if result.scaled:
        return Condition("AbleToScale", "True", "SucceededRescale", "The replicas were changed.")
    if result.decision is not None and result.decision.stabilised is not None:
        message = "A stabilization window holds the replicas."
        return Condition("AbleToScale", "True", result.decision.stabilised, message)
    return Condition("AbleToScale", "True", "ReadyForNewScale", "The target can be scaled.")


def _active(result: PollResult) -> Condition:
    active = result.decision.active if result.decision else _any_tasks(result.seen)
    reason = {True: "TasksExist", False: "NoTasks", None: "TasksUnknown"}[active]
    message = {
        True: "There are tasks waiting or locked.",
        False: "There are no tasks.",
        None: "It is not known whether there are tasks.",
    }[active]
    return Condition("Active", truth(active), reason, message)


def _any_tasks(seen: Observation | None) -> bool | None:
    if seen is None or seen.unavailable:
        return None
    return seen.unlocked + seen.locked > 0 or (None if seen.failure else False)


def _fallback(spec: ScalerSpec, result: PollResult) -> Condition:
    if result.decision is not None and result.decision.fallback:
        message = "The tasks cannot be counted, so spec.fallback decides."
        return Condition("Fallback", "True", "FallbackInForce", message)
    reason = "NotNeeded" if spec.fallback else "NotConfigured"
    message = "The tasks decide." if spec.fallback else "There is no spec.fallback."
    return Condition("Fallback", "False", reason, message)


def _paused(spec: ScalerSpec) -> Condition:
    if spec.pause_problem:
        message = f"Nothing is scaled, because {spec.pause_problem}."
        return Condition("Paused", "True", "PauseNotUnderstood", message)
    if spec.paused_replicas is not None:
        message = f"The annotation keeps the target at {spec.paused_replicas} replicas."
        return Condition("Paused", "True", "PausedAtReplicas", message)
    if spec.paused:
        return Condition("Paused", "True", "Paused", "The field or the annotation says so.")
    return Condition("Paused", "False", "NotPaused", "Scaling is not paused.")


def _limited(result: PollResult) -> Condition:
    limited = result.decision.limited if result.decision else None
    if limited is None:
        return Condition(
            "ScalingLimited", "False", "DesiredWithinRange", "Nothing cuts what the tasks ask for."
        )
    return Condition(
        "ScalingLimited", "True", limited, "A bound or a rate policy cuts what the tasks ask for."
    )


def _pods_ready(inspection: Inspection | None) -> Condition:
    if inspection is None:
        return Condition("PodsReady", "Unknown", "NotChecked", "The pods have not been looked at yet.")
    if inspection.readiness is None:
        return Condition("PodsReady", "Unknown", "PodsUnreadable", inspection.problem)
    judged = inspection.readiness
    return Condition("PodsReady", truth(judged.ready), judged.reason, judged.message)


def _workers_known(inspection: Inspection | None) -> Condition:
    if inspection is None or inspection.workers is None:
        message = (
            inspection.problem if inspection and inspection.problem else "No locks were there to look at."
        )
        return Condition("WorkersKnown", "Unknown", "NotChecked", message)
    if inspection.workers.locks:
        return Condition("WorkersKnown", "False", "UnknownWorkers", inspection.workers.message)
    return Condition("WorkersKnown", "True", "WorkersKnown", "All locks are held by workers that name a pod.")


def _cleaned_up(result: PollResult) -> Condition:
    if failure := result.cleanup_failure:
        return Condition("CleanedUp", "False", failure.kind, failure.message)
    return Condition("CleanedUp", "True", "CleanedUp", "No annotations or orphaned locks are left over.")


def _summary(topics: Sequence[str]) -> str:
    shown = topics[0]
    for count, topic in enumerate(topics[1:], start=1):
        if len(shown) + len(topic) + 1 > _SUMMARY_LIMIT:
            return f"{shown} +{len(topics) - count}"
        shown = f"{shown},{topic}"
    return shown


def _text(seconds: float | None) -> str | None:
    return None if seconds is None else to_text(seconds)
