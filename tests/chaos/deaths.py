"""What workers held when they died, and how long it took until another one had done it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from external_tasks.engine.client import EngineClient

# That can be locked at one time: far more than the workers have slots for.
_MOST_TASKS = 1000


@dataclass(frozen=True)
class Resumption:
    """How long the tasks of dead workers waited.

    Attributes:
        tasks: that dead workers held, and that came to their end later.
        seconds: from the death to the end of the task, or to the death of the next one that held it, the
            longest of all; 0 without tasks.
    """

    tasks: int = 0
    seconds: float = 0.0


@dataclass
class Deaths:
    """The tasks that workers held when they died, or stood still.

    Attributes:
        held: when the holder died, in seconds since 1970, by the task's activity and the holder's id.
    """

    held: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, worker: str, engine: EngineClient, moment: float) -> None:
        """Note what a worker holds; ask straight after its death, as locks run out.

        Args:
            worker: its name, which its id begins with.
            engine: is asked for the locked tasks.
            moment: of the death, in seconds since 1970.
        """
        self.add(worker, engine.external_tasks(limit=_MOST_TASKS, locked=True), moment)

    def add(self, worker: str, locked: Iterable[Mapping[str, Any]], moment: float) -> None:
        """Note those of the locked tasks that the worker holds."""
        for task in locked:
            holder = str(task.get("workerId") or "")
            if holder.startswith(f"{worker}:"):
                # One that was killed before under the same name died then.
                self.held.setdefault((str(task["activityInstanceId"]), holder), moment)

    def resumption(self, engine: EngineClient, since: float) -> Resumption:
        """Return how long the tasks of those that died since then waited for their ends.

        Args:
            engine: tells the ends.
            since: in seconds since 1970.
        """
        died = {key: moment for key, moment in self.held.items() if moment >= since}
        found = [
            each
            for activity in sorted({activity for activity, _ in died})
            for each in engine.get("/history/activity-instance", {"activityInstanceId": activity})
        ]
        return resumption(died, found)


def resumption(died: Mapping[tuple[str, str], float], activities: Iterable[Mapping[str, Any]]) -> Resumption:
    """Return how long the tasks waited.

    Args:
        died: when the holder died, by the task's activity and the holder's id.
        activities: of the engine's history. One that was cancelled did not go on, and one that ended before
            the death had been completed in time.
    """
    ends = {
        str(each["id"]): datetime.fromisoformat(each["endTime"]).timestamp()
        for each in activities
        if each.get("endTime") and not each.get("canceled")
    }
    deaths: dict[str, list[float]] = {}
    for (activity, _), moment in sorted(died.items(), key=lambda each: each[1]):
        if activity in ends and ends[activity] >= moment:
            deaths.setdefault(activity, []).append(moment)
    # A worker that dies with a task had taken it over from the one before.
    waits = [
        after - before
        for activity, moments in deaths.items()
        for before, after in pairwise([*moments, ends[activity]])
    ]
    return Resumption(len(waits), max(waits, default=0.0))
