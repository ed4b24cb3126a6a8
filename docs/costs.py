"""Measure what each command costs on this machine, and write the table of docs/costs.md.

    python docs/costs.py

Time is by the wall clock. Memory is the most that the command and all its children held at one moment
(proportional set size: shared pages count once). Disk is what the command leaves behind.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import psutil

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs/costs.md"
BEGIN, END = "<!-- measured by docs/costs.py -->", "<!-- end -->"
MEBIBYTE: Final = 2**20
MINUTE: Final = 60
RESERVE: Final = (
    "reserve --first-name Jean --last-name Martin --email jean@example.com --room-type B --guests 2 --table"
)


def memory(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes that processes hold together."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def disk(folders: Iterable[Path]) -> int:
    """Return the bytes on disk of folders; a file with two names counts once."""
    seen = {}
    for folder in folders:
        for file in folder.rglob("*"):
            status = file.lstat()
            seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values())


def run(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Run a command to its good end; return its seconds and the most memory of it and its children."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    most = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.2):
            try:
                tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            except psutil.Error:
                continue
            most = max(most, memory(tree))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - begun
    ended.set()
    watcher.join()
    if code:
        sys.exit(f"{' '.join(command)} ended with {code}: make it work, then measure again")
    return seconds, most


def row(shown: str, seconds: float, held: int | None, left: int | None) -> str:
    """Return a line of the table."""
    cells = [
        f"`{shown}`",
        f"{seconds:.1f} s" if seconds < MINUTE else f"{seconds / MINUTE:.1f} min",
        f"{held / MEBIBYTE:,.0f} MiB" if held else "",
        f"{left / MEBIBYTE:,.0f} MiB" if left else "",
    ]
    return f"| {' | '.join(cells)} |"


def measured(hotel: str, home: Path) -> list[str]:
    """Measure the commands in the order of a first visit."""
    environment = {**os.environ, "HOTEL_HOME": str(home)}
    rows = []

    def measure(shown: str, command: list[str], left: Callable[[], int] | None = None) -> None:
        seconds, held = run(command, environment)
        rows.append(row(shown, seconds, held, left() if left else None))
        print(rows[-1], flush=True)

    environments = home.parent / "venv"
    pip = str(environments / "bin/python")
    begun, held = run([sys.executable, "-m", "venv", str(environments)], environment)
    seconds, most = run(
        [pip, *shlex.split("-m pip install --quiet --require-hashes --requirement requirements/dev.txt")],
        environment,
    )
    rows.append(row("make venv", begun + seconds, max(held, most), disk([environments])))
    print(rows[-1], flush=True)
    shutil.rmtree(environments)
    target = ROOT / "images/engine/target"
    measure(
        "make engine",
        ["make", "--always-make", "--old-file=.venv/.installed", "engine"],
        lambda: disk([target / "extracted", target / "hotel-engine.jar"]),
    )
    measure("make demo", [hotel, "demo"])
    measure("hotel up", [hotel, "up", "--ports", "auto"], lambda: disk([home]))
    shown = subprocess.run([hotel, "ps", "--json"], env=environment, capture_output=True, check=True).stdout
    parts = [psutil.Process(part["pid"]) for part in json.loads(shown)["parts"]]
    rows.append(f"| … while the stack runs | | {memory(parts) / MEBIBYTE:,.0f} MiB | |")
    days = ["--check-in", _in_days(30), "--check-out", _in_days(33)]
    measure("hotel reserve", [hotel, *shlex.split(RESERVE), *days])
    measure("hotel down", [hotel, "down"])
    return rows


def _in_days(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86_400))


def main() -> None:
    """Measure and write the page."""
    hotel = str(Path(sys.executable).with_name("hotel"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            rows = measured(hotel, home)
        finally:
            subprocess.run([hotel, "--home", str(home), "down"], check=False, capture_output=True)
    table = "\n".join(["| command | time | memory | disk |", "| --- | --- | --- | --- |", *rows])
    machine = (
        f"Measured on {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB of memory."
    )
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{machine}\n\n{table}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
