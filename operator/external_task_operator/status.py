"""The status of a scaler: what one poll came to, as JSON, and whether it is worth writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from external_task_operator import persistence
from external_task_operator.conditions import Condition, merge, truth
from external_task_operator.decision import Decision
from external_task_operator.history import History
from external_task_operator.observation import Failure, Observation
from external_task_operator.spec import ScalerSpec
from external_task_operator.times import to_text

_SUMMARY_LIMIT = 40


@dataclass(frozen=True)
class Report:
    """What one poll of a scaler came to.

    Attributes:
        decision: None if there could be none, because the target or the spec cannot be read.
        seen: what was seen; its replicas mean nothing without a decision.
        target_failure: why the target cannot be scaled; None if it can.
        scaled: the replicas were changed.
    """

    decision: Decision | None = None
    seen: Observation | None = None
    target_failure: Failure | None = None
    scaled: bool = False

    @property
    def engine_failure(self) -> Failure | None:
        """Why the tasks, or some of them, are not known."""
        return self.seen.failure if self.seen else None


def conditions(spec: ScalerSpec | None, report: Report) -> list[Condition]:
    """Return what is the case; a scaler whose spec makes no sense has only one thing to say."""
    problem = report.engine_failure or report.target_failure
    ready = Condition("Ready", "True", "Ready", "The tasks are counted and the target can be scaled.")
    if problem is not None:
        ready = Condition("Ready", "False", problem.kind, problem.message)
    if spec is None:
        return [ready]
    return [ready, _able(report), _active(report), _fallback(spec, report), _paused(spec), _limited(report)]


def build(
    spec: ScalerSpec | None,
    report: Report,
    history: History,
    old: Mapping[str, Any],
    *,
    generation: int,
    operator: str,
    now: float,
) -> dict[str, Any]:
    """Return the whole status.

    Args:
        spec: None if it makes no sense.
        report: what this poll came to.
        history: what to go on with.
        old: the status that was written last.
        generation: of the spec.
        operator: who writes.
        now: seconds of the epoch.
    """
    status: dict[str, Any] = {
        "observedGeneration": generation,
        "operator": operator,
        "lastPollTime": to_text(now),
        "lastActiveTime": _text(history.last_active),
        "lastScaleTime": _text(history.last_scale),
        "topicSummary": _summary(spec.topics) if spec else None,
        "failures": history.failures,
        "conditions": merge(old.get("conditions", ()), conditions(spec, report), generation, now),
        "history": persistence.dump(history),
    }
    status |= _numbers(report)
    return {name: value for name, value in status.items() if value is not None}


def essence(status: Mapping[str, Any]) -> Any:
    """Return what must be written as soon as it changes."""
    conditions = [(each["type"], each["status"], each["reason"]) for each in status.get("conditions", ())]
    names = ("observedGeneration", "replicas", "desiredReplicas", "reason", "lastScaleTime")
    return conditions, [status.get(name) for name in names]


def details(status: Mapping[str, Any]) -> Any:
    """Return what is worth writing when it changes, but not at every poll."""
    names = ("unlocked", "locked", "topics", "decision", "failures")
    messages = [each["message"] for each in status.get("conditions", ())]
    return messages, [status.get(name) for name in names]


def _numbers(report: Report) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    if report.seen is not None and not report.seen.blind:
        counts = sorted(report.seen.counts.items())
        oldest = report.seen.oldest_seconds
        numbers = {
            "unlocked": report.seen.unlocked,
            "locked": report.seen.locked,
            "oldestTaskSeconds": None if oldest is None else round(oldest),
            "topics": [{"name": name, "unlocked": c.unlocked, "locked": c.locked} for name, c in counts],
        }
    if report.decision is not None:
        numbers |= {
            "replicas": report.decision.replicas if report.scaled else report.decision.current,
            "desiredReplicas": report.decision.replicas,
            "reason": report.decision.reason,
            "decision": report.decision.sentence,
        }
    elif problem := report.target_failure or report.engine_failure:
        numbers |= {"reason": problem.kind, "decision": f"Nothing is scaled: {problem.message}"}
    return numbers


def _able(report: Report) -> Condition:
    if report.target_failure is not None:
        return Condition("AbleToScale", "False", report.target_failure.kind, report.target_failure.message)
    if report.scaled:
        return Condition("AbleToScale", "True", "SucceededRescale", "The replicas were changed.")
    if report.decision is not None and report.decision.stabilised is not None:
        message = "A stabilization window holds the replicas."
        return Condition("AbleToScale", "True", report.decision.stabilised, message)
    return Condition("AbleToScale", "True", "ReadyForNewScale", "The target can be scaled.")


def _active(report: Report) -> Condition:
    active = report.decision.active if report.decision else _any_tasks(report.seen)
    reason = {True: "TasksExist", False: "NoTasks", None: "TasksUnknown"}[active]
    message = {
        True: "There are tasks waiting or locked.",
        False: "There are no tasks.",
        None: "It is not known whether there are tasks.",
    }[active]
    return Condition("Active", truth(active), reason, message)


def _any_tasks(seen: Observation | None) -> bool | None:
    if seen is None or seen.blind:
        return None
    return seen.unlocked + seen.locked > 0 or (None if seen.failure else False)


def _fallback(spec: ScalerSpec, report: Report) -> Condition:
    if report.decision is not None and report.decision.fallback:
        message = "The tasks cannot be counted, so spec.fallback decides."
        return Condition("Fallback", "True", "FallbackInForce", message)
    reason = "NotNeeded" if spec.fallback else "NotConfigured"
    message = "The tasks decide." if spec.fallback else "There is no spec.fallback."
    return Condition("Fallback", "False", reason, message)


def _paused(spec: ScalerSpec) -> Condition:
    if spec.paused:
        return Condition("Paused", "True", "Paused", "The field or the annotation says so.")
    return Condition("Paused", "False", "NotPaused", "Scaling is not paused.")


def _limited(report: Report) -> Condition:
    limited = report.decision.limited if report.decision else None
    if limited is None:
        return Condition(
            "ScalingLimited", "False", "DesiredWithinRange", "Nothing cuts what the tasks ask for."
        )
    return Condition(
        "ScalingLimited", "True", limited, "A bound or a rate policy cuts what the tasks ask for."
    )


def _summary(topics: Sequence[str]) -> str:
    shown = topics[0]
    for count, topic in enumerate(topics[1:], start=1):
        if len(shown) + len(topic) + 1 > _SUMMARY_LIMIT:
            return f"{shown} +{len(topics) - count}"
        shown = f"{shown},{topic}"
    return shown


def _text(seconds: float | None) -> str | None:
    return None if seconds is None else to_text(seconds)
