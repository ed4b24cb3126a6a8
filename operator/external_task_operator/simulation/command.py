"""``hotel-operator simulate``: compare autoscalers on a trace."""

import argparse
import dataclasses
import functools
import json
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from external_task_operator.simulation import plot, trace
from external_task_operator.simulation.autoscalers import Autoscaler, Hpa, Keda, Ours, simulated_spec
from external_task_operator.simulation.baselines import Forecast, Naive
from external_task_operator.simulation.fleet import FleetSettings
from external_task_operator.simulation.run import NeverDrained, Outcome, simulate
from external_task_operator.spec import ScalerSpec

POLICIES = ("ours", "hpa", "keda", "naive", "forecast")

_COLUMNS = (
    ("policy", "policy", "{}"),
    ("drain s", "drain_seconds", "{:.0f}"),
    ("wait p50 s", "wait_p50", "{:.1f}"),
    ("wait p95 s", "wait_p95", "{:.1f}"),
    ("wait p99 s", "wait_p99", "{:.1f}"),
    ("replica-s", "replica_seconds", "{:.0f}"),
    ("most replicas", "most_replicas", "{}"),
    ("scalings", "scalings", "{}"),
    ("busy pods taken", "busy_pods_taken", "{}"),
    ("tasks killed", "tasks_killed", "{}"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    fleet = FleetSettings()
    add = parser.add_argument
    add(
        "trace",
        type=Path,
        metavar="TRACE.csv",
        help="column 'seconds' (and 'count'), or hotel bookings; may be .gz",
    )
    add("--policy", choices=[*POLICIES, "all"], default="all", help="what to replay it with (default: all)")
    add("--duration", type=_seconds, metavar="S", help="squeeze or stretch the trace to so many seconds")
    add(
        "--min-replicas", type=_count_or_none, default=0, help="default: %(default)s (the HPA's minimum is 1)"
    )
    add("--max-replicas", type=_count, default=20, help="default: %(default)s")
    add(
        "--tasks-per-replica",
        type=_count,
        default=fleet.slots,
        help="the target of all policies; default: %(default)s",
    )
    add("--drain-seconds", type=_seconds, help="ours: target.drainSeconds, with the mean service time")
    add("--polling-interval", type=_count, default=5, help="ours: seconds; default: %(default)s")
    add(
        "--cooldown",
        type=_count_or_none,
        default=60,
        help="ours: cooldownPeriod, seconds; default: %(default)s",
    )
    add(
        "--window",
        type=_count_or_none,
        default=60,
        help="ours: scale-in window, seconds; default: %(default)s",
    )
    add(
        "--metric",
        choices=["unlocked", "all"],
        default="unlocked",
        help="hpa, keda: count tasks that wait, or all",
    )
    add(
        "--slots",
        type=_count,
        default=fleet.slots,
        help="tasks that a pod works on at a time; default: %(default)s",
    )
    add(
        "--startup-seconds",
        type=_seconds_or_none,
        default=fleet.startup_seconds,
        help="of a pod; default: %(default)s",
    )
    add(
        "--grace-seconds",
        type=_seconds_or_none,
        default=fleet.grace_seconds,
        help="of a pod; default: %(default)s",
    )
    add(
        "--lock-seconds",
        type=_seconds_or_none,
        default=fleet.lock_seconds,
        help="of a task; default: %(default)s",
    )
    add(
        "--service-seconds",
        type=_seconds,
        default=fleet.service_seconds,
        help="mean of a task; default: %(default)s",
    )
    add("--tasks-per-arrival", type=_count, default=1, help="tasks one after another; default: %(default)s")
    add("--seed", type=int, default=1, help="of the random numbers; default: %(default)s")
    add("--plot", type=Path, metavar="FILE", help="draw the outcomes (.png, .svg, .pdf); needs matplotlib")
    add("--json", action="store_true", help="print JSON instead of a table")


class _BadOptions(Exception):  # noqa: N818 - it says what is bad
    pass


def _number(kind: type[int | float], lowest: float, text: str) -> float:
    try:
        number = kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a number") from error
    if not lowest <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is less than {lowest:g}, or without end")
    return number


_count = functools.partial(_number, int, 1)
_count_or_none = functools.partial(_number, int, 0)
_seconds = functools.partial(_number, float, 0.001)
_seconds_or_none = functools.partial(_number, float, 0)


def run(options: argparse.Namespace) -> int:
    """Simulate and print; returns the exit code."""
    policies = POLICIES if options.policy == "all" else (options.policy,)
    try:
        _check(options)
        arrivals = trace.read(options.trace, duration=options.duration, seed=options.seed)
        outcomes = [_simulate(policy, arrivals, options) for policy in policies]
        if options.plot:
            plot.draw(outcomes, options.plot)
    except (_BadOptions, trace.TraceError, plot.PlotError, NeverDrained) as error:
        sys.stderr.write(f"hotel-operator simulate: {error}\n")
        return 1
    sys.stdout.write(_json(outcomes) if options.json else _table(outcomes))
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.min_replicas > options.max_replicas:
        raise _BadOptions("--min-replicas must not be above --max-replicas")


def _simulate(policy: str, arrivals: Sequence[float], options: argparse.Namespace) -> Outcome:
    settings = FleetSettings(
        slots=options.slots,
        startup_seconds=options.startup_seconds,
        grace_seconds=options.grace_seconds,
        lock_seconds=options.lock_seconds,
        service_seconds=options.service_seconds,
        stages=options.tasks_per_arrival,
        seed=options.seed,
    )
    return simulate(policy, arrivals, _autoscaler(policy, options), settings)


def _autoscaler(policy: str, options: argparse.Namespace) -> Autoscaler:
    rng = random.Random(options.seed)  # noqa: S311 - no secret
    if policy == "ours":
        return Ours(_spec(options), at=rng.uniform(0, options.polling_interval))
    bounds = {"target": options.tasks_per_replica, "maximum": options.max_replicas}
    if policy == "naive":
        return Naive(**bounds, minimum=options.min_replicas, at=rng.uniform(0, 5))
    if policy == "forecast":
        return Forecast(
            **bounds,
            service_seconds=options.service_seconds,
            startup_seconds=options.startup_seconds,
            minimum=options.min_replicas,
            at=rng.uniform(0, 5),
        )
    hpa = Hpa(
        **bounds,
        minimum=max(options.min_replicas, 1),
        metric=options.metric,
        at=rng.uniform(0, 15),
    )
    return hpa if policy == "hpa" else Keda(hpa, minimum=options.min_replicas, at=rng.uniform(0, 30))


def _spec(options: argparse.Namespace) -> ScalerSpec:
    target: dict[str, float] = {"tasksPerReplica": options.tasks_per_replica}
    if options.drain_seconds:
        target |= {"drainSeconds": options.drain_seconds, "averageTaskSeconds": options.service_seconds}
    return simulated_spec(
        pollingInterval=options.polling_interval,
        cooldownPeriod=options.cooldown,
        minReplicaCount=options.min_replicas,
        maxReplicaCount=options.max_replicas,
        target=target,
        behavior={"scaleDown": {"stabilizationWindowSeconds": options.window}},
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    rows = [[title for title, _, _ in _COLUMNS]]
    rows += [[form.format(getattr(outcome, name)) for _, name, form in _COLUMNS] for outcome in outcomes]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(lines) + "\n"


def _json(outcomes: Sequence[Outcome]) -> str:
    figures = [dataclasses.asdict(dataclasses.replace(outcome, samples=())) for outcome in outcomes]
    return json.dumps(figures, indent=2) + "\n"
