"""The conditions of a scaler's status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from external_task_operator.times import to_text

Truth = Literal["True", "False", "Unknown"]

HEALTH = ("Ready", "AbleToScale", "Fallback", "Paused", "PodsReady", "WorkersKnown", "CleanedUp")
"""Conditions whose changes are worth an event."""

_GOOD_IF_TRUE = frozenset({"Ready", "AbleToScale", "PodsReady", "WorkersKnown", "CleanedUp"})


@dataclass(frozen=True)
class Condition:
    """What is the case, in the form that Kubernetes users know."""

    type: str
    status: Truth
    reason: str
    message: str

    @property
    def good(self) -> bool:
        """Nothing is wrong and nothing special is in force."""
        wanted = "True" if self.type in _GOOD_IF_TRUE else "False"
        return self.status == wanted


def truth(value: bool | None) -> Truth:  # noqa: FBT001 - the value is the point
    """Say a truth value; None is not known."""
    return "Unknown" if value is None else "True" if value else "False"


def merge(
    old: Sequence[Mapping[str, Any]], new: Sequence[Condition], generation: int, now: float
) -> list[dict[str, Any]]:
    """Return the new conditions as JSON; the time of transition changes with the status only."""
    before = {condition["type"]: condition for condition in old}
    return [_json(condition, before.get(condition.type), generation, now) for condition in new]


def changed(old: Sequence[Mapping[str, Any]], new: Sequence[Condition]) -> list[Condition]:
    """Return the conditions on health that say something else than before.

    Good ones that were not there before are no news.
    """
    before = {condition["type"]: (condition["status"], condition["reason"]) for condition in old}
    return [
        condition
        for condition in new
        if condition.type in HEALTH
        and condition.status != "Unknown"
        and before.get(condition.type) != (condition.status, condition.reason)
        and not (condition.good and _was_good(before.get(condition.type), condition))
    ]


def _was_good(before: tuple[str, str] | None, now: Condition) -> bool:
    return before is None or before[0] in {now.status, "Unknown"}


def _json(
    condition: Condition, before: Mapping[str, Any] | None, generation: int, now: float
) -> dict[str, Any]:
    same = before is not None and before["status"] == condition.status
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "observedGeneration": generation,
        "lastTransitionTime": before["lastTransitionTime"] if before and same else to_text(now),
    }
