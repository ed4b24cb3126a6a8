"""The autoscalers that are compared, each with its settings."""

from collections.abc import Callable, Mapping
from functools import partial

from external_task_operator.simulation.autoscalers import Autoscaler, Hpa, Keda, Metric, Ours, simulated_spec
from external_task_operator.simulation.baselines import Forecast, Naive
from external_task_operator.simulation.fleet import FleetSettings

MAXIMUM = 40
WINDOWS = (30, 60, 120, 300)
"""Seconds that this operator waits before a scale-in; 60 is its default."""

Make = Callable[[FleetSettings], Autoscaler]


def ours(fleet: FleetSettings, *, window: int | None = None) -> Autoscaler:
    """This operator at its defaults, or with another window."""
    behavior = {} if window is None else {"scaleDown": {"stabilizationWindowSeconds": window}}
    target = {"tasksPerReplica": fleet.slots}
    spec = simulated_spec(minReplicaCount=0, maxReplicaCount=MAXIMUM, target=target, behavior=behavior)
    return Ours(spec, at=2.5)


def hpa(fleet: FleetSettings, *, metric: Metric) -> Hpa:
    """An HPA with its defaults."""
    return Hpa(target=fleet.slots, maximum=MAXIMUM, metric=metric, at=7.5)


def keda(fleet: FleetSettings, *, metric: Metric) -> Autoscaler:
    """KEDA with its defaults."""
    return Keda(hpa(fleet, metric=metric), at=15)


def naive(fleet: FleetSettings) -> Autoscaler:
    """Sets the replicas to the number that the tasks need now."""
    return Naive(target=fleet.slots, maximum=MAXIMUM, at=2.5)


def forecast(fleet: FleetSettings) -> Autoscaler:
    """A forecast that knows the mean time of a task."""
    return Forecast(
        target=fleet.slots,
        maximum=MAXIMUM,
        service_seconds=fleet.service_seconds,
        startup_seconds=fleet.startup_seconds,
        at=2.5,
    )


POLICIES: Mapping[str, Make] = {
    "ours": ours,
    "HPA": partial(hpa, metric="unlocked"),
    "HPA, all tasks": partial(hpa, metric="all"),
    "KEDA": partial(keda, metric="unlocked"),
    "KEDA, all tasks": partial(keda, metric="all"),
    "naive": naive,
    "forecast": forecast,
}
"""By the names in the tables. `all tasks`: those in work are counted too, which takes a formula in KEDA."""
