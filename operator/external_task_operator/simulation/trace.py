"""Traces: when something arrives that makes tasks."""

import csv
import gzip
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

_DAY = 86_400
_OUTLIERS = 0.01


class TraceError(Exception):
    """The file is no trace that can be read; the message says what is expected."""


def read(path: Path, *, duration: float | None, seed: int) -> list[float]:
    """Read the moments of arrivals, in seconds from the first one.

    Two kinds of file are known, plain or gzipped: a CSV with a column ``seconds`` (and perhaps ``count``),
    and the CSV of hotel bookings by Antonio, Almeida and Nunes (2019). Of that the days of booking are taken,
    with the earliest and the latest hundredth left out and the time of day made up.

    Args:
        path: the file.
        duration: squeeze or stretch the trace to so many seconds; None leaves it as it is.
        seed: for the time of day.

    Raises:
        TraceError: the file is of neither kind.
    """
    try:
        with _open(path) as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames or ())
            moments = sorted(_moments(columns, rows, random.Random(seed)))  # noqa: S311 - no secret
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    if not moments:
        raise TraceError(f"{path} holds no arrivals; it needs a column 'seconds', or the columns of bookings")
    span = moments[-1] - moments[0]
    factor = duration / span if duration and span else 1.0
    return [(moment - moments[0]) * factor for moment in moments]


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield file


def _moments(columns: set[str], rows: Iterable[Mapping[str, str]], rng: random.Random) -> Iterable[float]:
    if "seconds" in columns:
        return [float(row["seconds"]) for row in rows for _ in range(int(row.get("count") or 1))]
    if {"lead_time", "arrival_date_year"} <= columns:
        days = sorted(_booked_at(row) for row in rows)
        outliers = int(len(days) * _OUTLIERS)
        return [day * _DAY + rng.random() * _DAY for day in days[outliers : len(days) - outliers]]
    return []


def _booked_at(row: Mapping[str, str]) -> int:
    names = ("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month")
    arrival = datetime.strptime(" ".join(row[name] for name in names), "%Y %B %d")  # noqa: DTZ007 - a date
    return (arrival - timedelta(days=int(row["lead_time"]))).toordinal()
