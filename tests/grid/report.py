"""The outcomes as tables."""

from collections.abc import Mapping, Sequence
from statistics import median

from external_task_operator.simulation.run import LATE_SECONDS, Outcome

from grid.policies import POLICIES, WINDOWS

BEGIN, END = "<!-- grid: written by `make grid` -->", "<!-- grid: end -->"
SHOWN_STARTUP = 8
Cells = Mapping[tuple[str, int], Mapping[str, Outcome]]
"""What came of each autoscaler, by trace and by seconds that a pod takes to start."""


def windowed(seconds: int) -> str:
    """Return the name of this operator with such a window."""
    return f"window {seconds}"


def text(cells: Cells) -> str:
    """Return all tables as Markdown."""
    parts = {
        "Wait p95 in seconds, and thousands of replica-seconds, by trace and start-up time:": _grid,
        f"With pods that start in {SHOWN_STARTUP} s:": _elasticity,
        "This operator with other windows before a scale-in: medians over all traces and start-up times, as "
        "ratios to its default of 60 s:": _windows,
    }
    return "\n\n".join(f"{title}\n\n{make(cells)}" for title, make in parts.items())


def _grid(cells: Cells) -> str:
    rows = [["trace", "start-up s", *POLICIES, "better than ours in both"]]
    for (trace, startup), by in cells.items():
        figures = [f"{by[name].wait_p95:.1f} · {by[name].replica_seconds / 1000:.1f}" for name in POLICIES]
        rows.append([trace, str(startup), *figures, ", ".join(_better(by)) or "nobody"])
    return _table(rows)


def _better(by: Mapping[str, Outcome]) -> list[str]:
    ours = by["ours"]
    return [
        name
        for name in POLICIES
        if by[name].wait_p95 < ours.wait_p95 and by[name].replica_seconds < ours.replica_seconds
    ]


def _elasticity(cells: Cells) -> str:
    rows = [
        [
            "trace",
            "scaled by",
            "missing",
            "too much",
            "time with too few",
            "time with too many",
            f"late (over {LATE_SECONDS:.0f} s)",
            "scalings",
            "busy pods taken",
            "tasks killed",
        ]
    ]
    for (trace, startup), by in cells.items():
        if startup != SHOWN_STARTUP:
            continue
        for name in POLICIES:
            run, fit = by[name], by[name].elasticity
            shares = [fit.under, fit.over, fit.under_time, fit.over_time, run.late]
            counts = [run.scalings, run.busy_pods_taken, run.tasks_killed]
            rows.append([trace, name, *(f"{share:.0%}" for share in shares), *map(str, counts)])
    return _table(rows)


def _windows(cells: Cells) -> str:
    rows = [["window s", "wait p95", "replica-seconds", "scalings"]]
    for seconds in WINDOWS:
        pairs = [(by[windowed(seconds)], by["ours"]) for by in cells.values()]
        ratios = (
            median(one.wait_p95 / max(default.wait_p95, 0.1) for one, default in pairs),
            median(one.replica_seconds / default.replica_seconds for one, default in pairs),
            median(one.scalings / default.scalings for one, default in pairs),
        )
        rows.append([str(seconds), *(f"{ratio:.2f}" for ratio in ratios)])
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
