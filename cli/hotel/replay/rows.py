"""Reading real bookings: a CSV file in the form of the public "hotel booking demand" data."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self, TextIO

from hotel.errors import InvalidInput

_COLUMNS = frozenset(
    {
        "is_canceled",
        "arrival_date_year",
        "arrival_date_month",
        "arrival_date_day_of_month",
        "stays_in_weekend_nights",
        "stays_in_week_nights",
        "adults",
        "children",
        "babies",
        "meal",
        "reserved_room_type",
    }
)
# Not the locale's names.
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
# Half and full board.
_MEALS_AT_A_TABLE = frozenset({"HB", "FB"})


@dataclass(frozen=True)
class BookingRow:
    """One real booking.

    Attributes:
        line: its line in the file, the header being line 1.
        arrival: first night, as it was.
        nights: how many; some rows have none.
        guests: adults, children and babies; some rows have none.
        room_type: its letter in the data.
        table: whether its meals want a restaurant table.
        cancelled: whether it was cancelled later.
    """

    line: int
    arrival: date
    nights: int
    guests: int
    room_type: str
    table: bool
    cancelled: bool

    @classmethod
    def parse(cls, line: int, fields: Mapping[str | None, str | None]) -> Self:
        """Read one row.

        Raises:
            ValueError: it is broken; says which column is.
        """
        if None in fields:
            raise ValueError("has more columns than the header")
        return cls(
            line=line,
            arrival=_arrival(fields),
            nights=_sum(fields, "stays_in_weekend_nights", "stays_in_week_nights"),
            guests=_sum(fields, "adults", "children", "babies"),
            room_type=_text(fields, "reserved_room_type"),
            table=_text(fields, "meal") in _MEALS_AT_A_TABLE,
            cancelled=_flag(fields, "is_canceled"),
        )


@dataclass(frozen=True)
class BrokenRow:
    """A row that is no booking.

    Attributes:
        line: its line in the file.
        problem: what is wrong with it.
    """

    line: int
    problem: str


@dataclass(frozen=True)
class BookingFile:
    """What a file holds, in its order."""

    rows: Sequence[BookingRow | BrokenRow]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file; one whose name ends in .gz is unpacked.

        Raises:
            InvalidInput: it cannot be read, or lacks columns.
        """
        try:
            with _open(file) as lines:
                return cls(list(_rows(file, csv.DictReader(lines))))
        except (OSError, EOFError, csv.Error) as error:
            raise InvalidInput(f"{file} cannot be read: {error}") from error

    def weeks_until(self, first_day: date) -> int:
        """Return by how many whole weeks all dates have to move so that none lies before a day.

        It is the least such number over all of its rows: `ceil((first_day - earliest arrival) / 7 days)`.
        """
        arrivals = [row.arrival for row in self.rows if isinstance(row, BookingRow)]
        days = (first_day - min(arrivals)).days if arrivals else 0
        return max(0, -(-days // 7))

    def part(self, *, offset: int, limit: int | None) -> Sequence[BookingRow | BrokenRow]:
        """Return some of the rows, in the file's order."""
        return self.rows[offset:][:limit]


def _open(file: Path) -> TextIO:
    opened = gzip.open(file) if file.suffix == ".gz" else file.open("rb")  # noqa: SIM115  # closed by its wrapper
    # A byte that is no UTF-8 spoils its own field at most.
    return io.TextIOWrapper(opened, encoding="utf-8-sig", errors="replace", newline="")


def _rows(file: Path, reader: "csv.DictReader[str]") -> Iterator[BookingRow | BrokenRow]:
    missing = _COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise InvalidInput(f"{file} lacks the columns {', '.join(sorted(missing))}")
    while True:
        try:
            yield BookingRow.parse(reader.line_num + 1, next(reader))
        except StopIteration:
            return
        except (ValueError, csv.Error) as error:
            yield BrokenRow(reader.line_num, str(error))


def _arrival(fields: Mapping[str | None, str | None]) -> date:
    year, day = _number(fields, "arrival_date_year"), _number(fields, "arrival_date_day_of_month")
    month = _text(fields, "arrival_date_month")
    if month not in _MONTHS:
        raise ValueError(f"arrival_date_month: {month!r} is no month")
    try:
        return date(year, _MONTHS.index(month) + 1, day)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"arrival_date_day_of_month: there is no {day} {month} {year}") from error


def _sum(fields: Mapping[str | None, str | None], *columns: str) -> int:
    return sum(_number(fields, column) for column in columns)


def _number(fields: Mapping[str | None, str | None], column: str) -> int:
    text = _text(fields, column)
    # Some programs write the data's whole numbers as 2.0.
    digits = text.removesuffix(".0")
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"{column}: {text!r} is no whole number")
    return int(digits)


def _flag(fields: Mapping[str | None, str | None], column: str) -> bool:
    text = _text(fields, column)
    if text not in {"0", "1"}:
        raise ValueError(f"{column}: {text!r} is neither 0 nor 1")
    return text == "1"


def _text(fields: Mapping[str | None, str | None], column: str) -> str:
    text = fields[column]
    if text is None:
        raise ValueError(f"{column} is missing: the row has fewer columns than the header")
    return text.strip()
