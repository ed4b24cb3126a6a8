"""Kills workers between a task's effect and its report, and counts the effects: 0 may be doubled.

It starts an engine of its own.
"""

import argparse
import sqlite3
import sys
import tempfile
from pathlib import Path

from bench_worker import PROCESS, own_engine  # type: ignore[import-not-found]  # the script beside this one

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the tests' support, when run as a script
from support.once_kills import kill_workers

KEY = "KilledTasks"


def main() -> None:
    """Read the command line, kill and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=40)
    options = parser.parse_args()
    with own_engine() as client, tempfile.TemporaryDirectory() as folder:
        client.deploy(KEY, {"killed.bpmn": PROCESS.format(key=KEY).encode()})
        for _ in range(options.tasks):
            client.start(KEY)
        database = Path(folder) / "once.db"
        figures = kill_workers(
            client, KEY, lambda: sqlite3.connect(database, timeout=30), options.tasks, options.kills
        )
    doubled = figures.effects - figures.tasks
    print(
        f"{figures.kills} kills, {options.tasks} tasks: {figures.effects} effects, {doubled} doubled, "
        f"{options.tasks - figures.tasks} missing, {figures.completed} tasks completed"
    )
    if doubled or figures.tasks != options.tasks:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
