"""The traces and tables of `make grid`."""

from pathlib import Path

from external_task_operator.simulation.fleet import FleetSettings
from external_task_operator.simulation.run import Outcome, simulate
from grid import report, traces
from grid.policies import POLICIES, WINDOWS, ours

ARRIVALS = [float(second) for second in range(30) for _ in range(2)]


def outcomes() -> dict[str, Outcome]:
    fleet = FleetSettings(service_seconds=20)
    contenders = {**POLICIES, **{report.windowed(seconds): ours for seconds in WINDOWS}}
    return {name: simulate(name, ARRIVALS, make(fleet), fleet) for name, make in contenders.items()}


def test_bursts_are_the_same_for_a_seed_and_are_bursts() -> None:
    moments = traces.bursts(1)
    seconds = [int(moment) for moment in moments]
    busiest = max(seconds.count(second) for second in set(seconds))

    assert moments == traces.bursts(1) == sorted(moments)
    assert moments != traces.bursts(2)
    assert busiest > 5 * len(moments) / traces.SECONDS


def test_a_trace_is_thinned_to_about_as_many_arrivals_from_zero_on() -> None:
    found = traces.thinned([1.0 + number / 20 for number in range(10 * traces.ARRIVALS)])

    assert found[0] == 0
    assert 0.9 < len(found) / traces.ARRIVALS < 1.1


def test_all_traces_are_read(tmp_path: Path) -> None:
    for name in ("bank-calls", "flights", "bookings"):
        (tmp_path / f"{name}.csv").write_text("seconds,count\n0,3\n60,2\n")

    found = traces.read(tmp_path, tmp_path / "bookings.csv")

    assert list(found) == ["bank calls", "flights", "hotel bookings", "bursts"]


def test_the_tables_name_every_policy_and_who_is_better() -> None:
    by = outcomes()

    text = report.text({("made up", 8): by})

    assert all(f"| made up | {name} |" in text for name in POLICIES)
    assert "| 60 | 1.00 | 1.00 | 1.00 |" in text
    better = {
        name
        for name, run in by.items()
        if run.wait_p95 < by["ours"].wait_p95 and run.replica_seconds < by["ours"].replica_seconds
    }
    (row,) = [line for line in text.splitlines() if line.startswith("| made up | 8 |")]
    assert row.endswith(f"| {', '.join(name for name in POLICIES if name in better) or 'nobody'} |")
