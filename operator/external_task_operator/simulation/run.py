"""The simulation: arrivals, workers and an autoscaler on one clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from external_task_operator.simulation.autoscalers import Autoscaler
from external_task_operator.simulation.elasticity import Elasticity, compare, needed
from external_task_operator.simulation.fleet import Fleet, FleetSettings

LATE_SECONDS = 5.0
"""A task that waits longer than this is late."""

_SETTLE_SECONDS = 600.0
_LIMIT_SECONDS = 86_400.0


class NeverDrained(Exception):  # noqa: N818 - it says what happened
    """The tasks are not done a day after the last arrival: the replicas allowed cannot do it."""


@dataclass(frozen=True)
class Sample:
    """The state at a moment, for the plot."""

    at: float
    waiting: int
    locked: int
    replicas: int
    ready: int


@dataclass(frozen=True)
class Outcome:
    """What came of a policy.

    Attributes:
        policy: its name.
        tasks: done in all.
        drain_seconds: from the last arrival until all were done.
        wait_p50: seconds from a task's creation until a worker took it.
        wait_p95: likewise.
        wait_p99: likewise.
        replica_seconds: from the creation of each pod until its end, until ten minutes after the last task.
        most_replicas: at any moment.
        scalings: changes of the replicas.
        busy_pods_taken: pods that were terminated while they worked.
        tasks_killed: tasks that were not done when the time for that was over.
        late: share of the tasks that waited longer than `LATE_SECONDS`.
        elasticity: how the pods that were ready followed those that were needed.
        samples: for the plot.
    """

    policy: str
    tasks: int
    drain_seconds: float
    wait_p50: float
    wait_p95: float
    wait_p99: float
    replica_seconds: float
    most_replicas: int
    scalings: int
    busy_pods_taken: int
    tasks_killed: int
    late: float
    elasticity: Elasticity
    samples: tuple[Sample, ...]


def simulate(
    policy: str, arrivals: Sequence[float], autoscaler: Autoscaler, settings: FleetSettings
) -> Outcome:
    """Replay arrivals until all tasks are done, and ten minutes more for the scale-in.

    Args:
        policy: name of the autoscaler.
        arrivals: moments in seconds, the first one first.
        autoscaler: decides.
        settings: how workers are.

    Raises:
        NeverDrained: the backlog keeps growing.
    """
    fleet, samples, supply = Fleet(settings, arrivals), [], [(-math.inf, 0)]
    expected, drained_at = len(arrivals) * settings.stages, math.inf
    while True:
        now = min(fleet.next_event(), autoscaler.next_look())
        if now > drained_at + _SETTLE_SECONDS:
            break
        if now > arrivals[-1] + _LIMIT_SECONDS:
            raise NeverDrained(f"{policy}: {fleet.done} of {expected} tasks were done")
        fleet.advance(now)
        if fleet.done == expected:
            drained_at = min(drained_at, now)
        if autoscaler.next_look() <= now:
            samples.append(_sample(fleet, now))
            autoscaler.look(fleet, now)
        ready = sum(pod.ready for pod in fleet.pods)
        if ready != supply[-1][1]:
            supply.append((now, ready))
    fleet.close(drained_at + _SETTLE_SECONDS)
    elasticity = compare(
        needed(arrivals, settings), supply, maximum=autoscaler.maximum, begin=arrivals[0], end=drained_at
    )
    return _outcome(policy, fleet, drained_at - arrivals[-1], elasticity, samples)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


def _sample(fleet: Fleet, now: float) -> Sample:
    ready = sum(pod.ready for pod in fleet.pods)
    return Sample(now, len(fleet.waiting), fleet.locked, fleet.replicas, ready)


def _outcome(
    policy: str, fleet: Fleet, drain_seconds: float, elasticity: Elasticity, samples: list[Sample]
) -> Outcome:
    return Outcome(
        policy=policy,
        tasks=fleet.done,
        drain_seconds=drain_seconds,
        wait_p50=percentile(fleet.waits, 0.5),
        wait_p95=percentile(fleet.waits, 0.95),
        wait_p99=percentile(fleet.waits, 0.99),
        replica_seconds=fleet.pod_seconds,
        most_replicas=max((sample.replicas for sample in samples), default=0),
        scalings=fleet.scalings,
        busy_pods_taken=fleet.busy_pods_taken,
        tasks_killed=fleet.tasks_killed,
        late=sum(wait > LATE_SECONDS for wait in fleet.waits) / len(fleet.waits),
        elasticity=elasticity,
        samples=tuple(samples),
    )
