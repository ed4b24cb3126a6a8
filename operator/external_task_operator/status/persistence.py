"""A scaler's history as part of its status, so that a new operator goes on where the last one was."""

from collections.abc import Mapping
from typing import Any

from external_task_operator.policy.history import History, Run, ScaleEvent
from external_task_operator.times import to_seconds, to_text


def dump(history: History) -> dict[str, Any]:
    """Return what belongs under ``status.history``."""
    return {
        "recommendations": [
            {"replicas": run.replicas, "since": to_text(run.since), "until": to_text(run.until)}
            for run in history.runs
        ],
        "scaleEvents": [{"time": to_text(event.at), "change": event.change} for event in history.events],
    }


def load(status: Mapping[str, Any], now: float) -> History:
    """Read the history back from a status; what was known last is taken to have held until now.

    A status that cannot be read gives an empty history, with which the policy is careful.
    """
    try:
        return _load(status).resumed(now)
    except (KeyError, TypeError, ValueError):
        return History()


def _load(status: Mapping[str, Any]) -> History:
    kept = status.get("history") or {}
    runs = tuple(
        Run(int(entry["replicas"]), to_seconds(entry["since"]), to_seconds(entry["until"]))
        for entry in kept.get("recommendations", ())
    )
    events = tuple(
        ScaleEvent(to_seconds(entry["time"]), int(entry["change"])) for entry in kept.get("scaleEvents", ())
    )
    return History(
        runs=runs,
        events=events,
        last_active=_moment(status.get("lastActiveTime")),
        last_scale=_moment(status.get("lastScaleTime")),
        failures=int(status.get("failures", 0)),
    )


def _moment(text: str | None) -> float | None:
    return None if text is None else to_seconds(text)
