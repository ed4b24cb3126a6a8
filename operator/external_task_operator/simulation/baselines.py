"""Two autoscalers that people write for themselves, to compare with: a naive loop, and a forecast."""

import math
from dataclasses import dataclass

from external_task_operator.simulation.fleet import Fleet


@dataclass(kw_only=True)
class _Loop:
    """Looks at fixed intervals, and sets the replicas within bounds.

    Attributes:
        target: tasks per replica; those in work count too.
        maximum: most replicas.
        minimum: fewest replicas.
        at: when it looks next.
        interval: seconds between two looks.
    """

    target: int
    maximum: int
    minimum: int = 0
    at: float = 0.0
    interval: float = 5.0

    def next_look(self) -> float:
        """Return when it looks next, in seconds."""
        return self.at

    def _set(self, fleet: Fleet, wanted: int, now: float, *, idle_first: bool) -> None:
        self.at = now + self.interval
        fleet.scale(min(max(wanted, self.minimum), self.maximum), now, idle_first=idle_first)


class Naive(_Loop):
    """Sets the replicas to the number that the tasks need now; has no window, and removes pods at work."""

    def look(self, fleet: Fleet, now: float) -> None:
        """Set the replicas."""
        wanted = math.ceil((len(fleet.waiting) + fleet.locked) / self.target)
        self._set(fleet, wanted, now, idle_first=False)


@dataclass(kw_only=True)
class Forecast(_Loop):
    """A forecast of arrivals by Holt's linear exponential smoothing, as far ahead as a pod takes to start.

    It knows the mean time of a task, which no autoscaler knows by itself. Source of the method: Holt (1957);
    Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 8.2.

    Attributes:
        service_seconds: mean time of a task.
        startup_seconds: of a pod.
        level_share: how much of the level comes from the last look.
        trend_share: how much of the trend comes from the last look.
    """

    service_seconds: float
    startup_seconds: float
    level_share: float = 0.5
    trend_share: float = 0.1
    _level: float = 0.0
    _trend: float = 0.0
    _seen: int = 0

    def look(self, fleet: Fleet, now: float) -> None:
        """Forecast the rate, and set the replicas to what it and the tasks that wait ask for."""
        created = fleet.done + fleet.locked + len(fleet.waiting)
        rate, self._seen = (created - self._seen) / self.interval, created
        before = self._level
        self._level = self.level_share * rate + (1 - self.level_share) * (before + self._trend)
        self._trend = self.trend_share * (self._level - before) + (1 - self.trend_share) * self._trend
        steps = (self.startup_seconds + self.interval) / self.interval
        expected = max(self._level + steps * self._trend, 0.0)
        busy = max(expected * self.service_seconds, fleet.locked) + len(fleet.waiting)
        # A remainder of the smoothing is no task.
        self._set(fleet, math.ceil(round(busy / self.target, 2)), now, idle_first=True)
