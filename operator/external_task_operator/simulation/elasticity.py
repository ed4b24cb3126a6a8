"""How well the pods that there were followed the pods that were needed.

The measures are those of Herbst, Kounev and Reussner, Elasticity in Cloud Computing (ICAC 2013), and of
SPEC's research group on the cloud: how much is missing or too much, and for which share of the time.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from external_task_operator.simulation.fleet import Fleet, FleetSettings

Steps = Sequence[tuple[float, int]]
"""A number of pods over time: from each moment, in seconds, until the next one."""


@dataclass(frozen=True)
class Elasticity:
    """Shares between 0 and 1; `over` can be more.

    Attributes:
        under: pod time that was missing, of the pod time that was needed.
        over: pod time that was too much, of the pod time that was needed.
        under_time: time with too few pods, of the time from the first arrival to the last task's end.
        over_time: time with too many pods, likewise.
    """

    under: float
    over: float
    under_time: float
    over_time: float


def needed(arrivals: Sequence[float], settings: FleetSettings) -> Steps:
    """Return the pods that would be needed if no task ever waited."""
    # All autoscalers that are compared meet the same need.
    return _needed(tuple(arrivals), settings)


@functools.lru_cache(maxsize=8)
def _needed(arrivals: tuple[float, ...], settings: FleetSettings) -> Steps:
    total = len(arrivals) * settings.stages
    # One pod that takes every task at once.
    unlimited = Fleet(replace(settings, slots=total, startup_seconds=0), arrivals)
    unlimited.scale(1, 0, idle_first=False)
    steps: list[tuple[float, int]] = []
    while unlimited.done < total:
        now = unlimited.next_event()
        unlimited.advance(now)
        steps.append((now, math.ceil(unlimited.locked / settings.slots)))
    return steps


def compare(demand: Steps, supply: Steps, *, maximum: int, begin: float, end: float) -> Elasticity:
    """Compare what was needed with what there was.

    Args:
        demand: pods that were needed.
        supply: pods that were ready.
        maximum: what is needed beyond it counts as it: nobody may have more.
        begin: of the time that is looked at, in seconds.
        end: of that time.
    """
    moments = sorted({begin, end, *(at for at, _ in (*demand, *supply) if begin < at < end)})
    wanted, present = _Reader(demand), _Reader(supply)
    missing = spare = sought = missing_time = spare_time = 0.0
    for at, following in itertools.pairwise(moments):
        seconds, need, there = following - at, min(wanted.at(at), maximum), present.at(at)
        sought += need * seconds
        missing += max(need - there, 0) * seconds
        spare += max(there - need, 0) * seconds
        missing_time += seconds * (there < need)
        spare_time += seconds * (there > need)
    length = max(end - begin, 1e-9)
    return Elasticity(
        missing / max(sought, 1e-9),
        spare / max(sought, 1e-9),
        missing_time / length,
        spare_time / length,
    )


class _Reader:
    """Reads steps in the order of time."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._next = 0
        self._value = 0

    def at(self, moment: float) -> int:
        while self._next < len(self._steps) and self._steps[self._next][0] <= moment:
            self._value = self._steps[self._next][1]
            self._next += 1
        return self._value
