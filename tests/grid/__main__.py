"""Replay every trace with every autoscaler and start-up time, and write what came of it."""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from external_task_operator.simulation.fleet import FleetSettings
from external_task_operator.simulation.run import Outcome, simulate
from support.charts import REPOSITORY
from support.marked_pages import put

from grid import report, traces
from grid.policies import POLICIES, WINDOWS, Make, ours

PAGE = REPOSITORY / "docs/simulation.md"
STARTUPS = (2, 8, 15, 30, 60)
SERVICE_SECONDS = 20.0


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(prog="grid", description=__doc__)
    parser.add_argument(
        "--traces", type=Path, required=True, help="folder with bank-calls.csv and flights.csv"
    )
    parser.add_argument("--bookings", type=Path, help="CSV of hotel bookings, as a trace more")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    contenders: Mapping[str, Make] = {
        **POLICIES,
        **{report.windowed(seconds): partial(ours, window=seconds) for seconds in WINDOWS},
    }
    cells: dict[tuple[str, int], dict[str, Outcome]] = {}
    for name, arrivals in traces.read(options.traces, options.bookings).items():
        for startup in STARTUPS:
            fleet = FleetSettings(startup_seconds=startup, service_seconds=SERVICE_SECONDS)
            cells[name, startup] = {
                policy: simulate(policy, arrivals, make(fleet), fleet) for policy, make in contenders.items()
            }
            print(f"{name}, start-up {startup} s: done", flush=True)
    text = report.text(cells)
    print(text)
    if options.write:
        put(text, PAGE, report.BEGIN, report.END)


if __name__ == "__main__":
    main()
