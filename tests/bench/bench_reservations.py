"""How many reservations the whole stack makes in a second, one at a time and several at once.

The ratio tells what concurrency brings on this machine; the processes of engine, services, worker and command
share its cores.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the tests' support, when run as a script

from support.bookings import bookings, write_csv
from support.hotel_command import HotelCommand

WARM_UP_ROWS = 20


def played(hotel: HotelCommand, file: Path, concurrency: int) -> dict[str, Any]:
    """Play the bookings and return the command's summary."""
    ran = hotel("replay", str(file), "--json", "--concurrency", str(concurrency), seconds=1200)
    if ran.code:
        raise SystemExit(f"the replay failed: {ran.err}{ran.out}")
    summary: dict[str, Any] = ran.json
    return summary


def measure(hotel: HotelCommand, folder: Path, rows: int, concurrency: int) -> None:
    """Play other bookings with each concurrency on the same stack and print what came of it."""
    warm_up = write_csv(folder / "warm-up.csv", bookings(WARM_UP_ROWS, seed=1, days=200))
    played(hotel, warm_up, concurrency)
    rates = {}
    for seed, at_once in enumerate((1, concurrency), start=2):
        # Over a year and in large rooms, so that nearly every row finds one and goes the whole way.
        file = write_csv(folder / f"{at_once}.csv", bookings(rows, seed=seed, days=365, room_types="EEF"))
        summary = played(hotel, file, at_once)
        rates[at_once] = summary["reservations_per_second"]
        latency = summary["latency_seconds"]
        print(
            f"{at_once:>3} at once: {rates[at_once]:6.2f} reservations/s, "
            f"start to end p50 {latency['p50']:.3f} s, p95 {latency['p95']:.3f} s, ends {summary['states']}"
        )
    print(f"{concurrency} at once / one at a time: {rates[concurrency] / rates[1]:.2f}")


def main() -> None:
    """Read the command line, run a stack and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100, help="bookings in each run")
    parser.add_argument("--concurrency", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hotel = HotelCommand(folder / "home")
        up = hotel("up", "--ports", "auto")
        if up.code:
            raise SystemExit(f"the stack did not start: {up.err}")
        try:
            measure(hotel, folder, options.rows, options.concurrency)
        finally:
            hotel("down")


if __name__ == "__main__":
    main()
