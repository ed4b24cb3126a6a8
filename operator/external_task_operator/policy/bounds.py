"""The bounds of the replicas at a moment: those of the spec, or of the schedules that are in force."""

from dataclasses import dataclass

from external_task_operator.cron import last_moment
from external_task_operator.spec import ScalerSpec, Schedule


@dataclass(frozen=True)
class Bounds:
    """How few and how many replicas there may be.

    Attributes:
        minimum: at least.
        maximum: at most; stronger than the minimum.
        minimum_by: the schedule that says the minimum; empty if the spec does.
        maximum_by: the schedule that says the maximum; empty if the spec does.
        schedules: the schedules that are in force, in the order of the spec.
    """

    minimum: int
    maximum: int
    minimum_by: str = ""
    maximum_by: str = ""
    schedules: tuple[str, ...] = ()

    def apply(self, replicas: int) -> int:
        """Return the replicas within the bounds."""
        return min(max(replicas, self.minimum), self.maximum)

    @property
    def minimum_said(self) -> str:
        """Name the minimum and where it is from."""
        return f"minReplicaCount is {self.minimum}{_by(self.minimum_by)}"

    @property
    def maximum_said(self) -> str:
        """Name the maximum and where it is from."""
        return f"maxReplicaCount is {self.maximum}{_by(self.maximum_by)}"


def bounds_at(spec: ScalerSpec, now: float) -> Bounds:
    """Return the bounds at a moment (seconds of the epoch).

    Of several schedules in force, the last in the spec's list that names a bound gives it.
    """
    ruling = [schedule for schedule in spec.schedules if in_force(schedule, now)]
    minimum, minimum_by = spec.min_replica_count, ""
    maximum, maximum_by = spec.max_replica_count, ""
    for schedule in ruling:
        if schedule.min_replica_count is not None:
            minimum, minimum_by = schedule.min_replica_count, schedule.name
        if schedule.max_replica_count is not None:
            maximum, maximum_by = schedule.max_replica_count, schedule.name
    if minimum > maximum:
        minimum, minimum_by = maximum, maximum_by
    return Bounds(minimum, maximum, minimum_by, maximum_by, tuple(each.name for each in ruling))


def in_force(schedule: Schedule, now: float) -> bool:
    """Tell whether a schedule is in force: from each of its starts until the first end after it."""
    start = last_moment(schedule.start, schedule.timezone, now)
    end = last_moment(schedule.end, schedule.timezone, now)
    return start is not None and (end is None or start >= end)


def highest_maximum(spec: ScalerSpec) -> int:
    """Return the most replicas that there may be at any time."""
    return max([spec.max_replica_count, *(each.max_replica_count or 0 for each in spec.schedules)])


def _by(schedule: str) -> str:
    return f" by schedule {schedule}" if schedule else ""
