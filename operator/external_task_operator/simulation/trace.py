"""Traces: when something arrives that makes tasks."""

import csv
import gzip
import math
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO, TypeVar

T = TypeVar("T")

_DAY = 86_400
_BOOKING = {
    "lead_time",
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_day_of_month",
}
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
        TraceError: the file is of neither kind, or holds no arrivals.
    """
    try:
        with _open(path) as file:
            rows = csv.DictReader(file)
            moments = sorted(_moments(rows, random.Random(seed)))  # noqa: S311 - no secret
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    except _RowError as error:
        raise TraceError(f"{path}, line {error.line}: {error}") from error
    if not moments:
        raise TraceError(f"{path} holds no arrivals")
    span = moments[-1] - moments[0]
    factor = duration / span if duration and span else 1.0
    return [(moment - moments[0]) * factor for moment in moments]


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield file


class _RowError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _moments(rows: "csv.DictReader[str]", rng: random.Random) -> list[float]:
    columns = set(rows.fieldnames or ())
    if "seconds" in columns:
        return [moment for arrivals in _each(rows, _arrivals) for moment in arrivals]
    if columns >= _BOOKING:
        days = sorted(_each(rows, _booked_at))
        outliers = int(len(days) * _OUTLIERS)
        return [day * _DAY + rng.random() * _DAY for day in days[outliers : len(days) - outliers]]
    raise _RowError(1, "a column 'seconds' is needed (and perhaps 'count'), or the columns of hotel bookings")


def _each(rows: "csv.DictReader[str]", read_row: Callable[[Mapping[str, str]], T]) -> Iterator[T]:
    for row in rows:
        try:
            yield read_row(row)
        except (ValueError, TypeError, OverflowError) as error:
            raise _RowError(rows.line_num, str(error)) from error


def _arrivals(row: Mapping[str, str]) -> list[float]:
    seconds, count = float(row["seconds"]), int(row.get("count") or 1)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"seconds must be 0 or more: {row['seconds']}")
    if count < 0:
        raise ValueError(f"count must be 0 or more: {count}")
    return [seconds] * count


def _booked_at(row: Mapping[str, str]) -> int:
    names = ("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month")
    arrival = datetime.strptime(" ".join(row[name] for name in names), "%Y %B %d")  # noqa: DTZ007 - a date
    return (arrival - timedelta(days=int(row["lead_time"]))).toordinal()
