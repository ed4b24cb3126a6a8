import gzip
from datetime import date
from pathlib import Path

import pytest
from hotel.errors import InvalidInput
from hotel.replay.rows import BookingFile, BookingRow, BrokenRow
from support.bookings import booking, bookings, write_csv


def read(tmp_path: Path, *rows: dict[str, str]) -> list[BookingRow | BrokenRow]:
    return list(BookingFile.read(write_csv(tmp_path / "bookings.csv", rows)).rows)


def test_a_row_tells_what_a_reservation_needs(tmp_path: Path) -> None:
    row = booking(
        arrival_date_month="August",
        arrival_date_day_of_month=31,
        stays_in_weekend_nights=2,
        stays_in_week_nights=5,
        adults=2,
        children=1,
        babies=1,
        meal="HB",
        reserved_room_type="D",
        is_canceled=1,
    )

    assert read(tmp_path, row) == [
        BookingRow(
            line=2,
            arrival=date(2015, 8, 31),
            nights=7,
            guests=4,
            room_type="D",
            table=True,
            cancelled=True,
        )
    ]


@pytest.mark.parametrize(
    ("meal", "table"), [("BB", False), ("HB", True), ("FB", True), ("SC", False), ("Undefined", False)]
)
def test_half_and_full_board_want_a_table(tmp_path: Path, meal: str, *, table: bool) -> None:
    (row,) = read(tmp_path, booking(meal=meal))

    assert isinstance(row, BookingRow)
    assert row.table is table


def test_rows_without_nights_or_guests_are_bookings_too(tmp_path: Path) -> None:
    rows = read(
        tmp_path, booking(stays_in_week_nights=0, stays_in_weekend_nights=0), booking(adults=0, children=0)
    )

    assert [(row.nights, row.guests) for row in rows if isinstance(row, BookingRow)] == [(0, 2), (3, 0)]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"arrival_date_month": "Juli"}, "arrival_date_month: 'Juli' is no month"),
        (
            {"arrival_date_month": "February", "arrival_date_day_of_month": 30},
            "arrival_date_day_of_month: there is no 30 February 2015",
        ),
        ({"arrival_date_year": 99999}, "arrival_date_day_of_month: there is no 1 July 99999"),
        ({"adults": "two"}, "adults: 'two' is no whole number"),
        ({"children": "NA"}, "children: 'NA' is no whole number"),
        ({"babies": "-1"}, "babies: '-1' is no whole number"),
        ({"stays_in_week_nights": ""}, "stays_in_week_nights: '' is no whole number"),
        ({"is_canceled": "maybe"}, "is_canceled: 'maybe' is neither 0 nor 1"),
    ],
)
def test_a_broken_row_is_told_by_line_and_the_rest_goes_on(
    tmp_path: Path, changes: dict[str, object], problem: str
) -> None:
    first, second, third = read(tmp_path, booking(), booking(**changes), booking())

    assert second == BrokenRow(3, problem)
    assert isinstance(first, BookingRow)
    assert isinstance(third, BookingRow)
    assert third.line == 4


def test_rows_with_too_few_or_too_many_columns_are_broken(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bookings.csv", [booking(), booking()])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[1] + ",more", "Resort Hotel,0", lines[2]]))

    first, second, third = BookingFile.read(file).rows

    assert first == BrokenRow(2, "has more columns than the header")
    assert isinstance(second, BrokenRow)
    assert second.line == 3
    assert second.problem.endswith("the row has fewer columns than the header")
    assert isinstance(third, BookingRow)


def test_bytes_that_are_no_text_break_no_more_than_their_row(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bookings.csv", [booking(meal="##"), booking(adults="##"), booking()])
    file.write_bytes(file.read_bytes().replace(b"##", b"\xff\x00"))

    kinds = [type(row) for row in BookingFile.read(file).rows]

    assert kinds == [BookingRow, BrokenRow, BookingRow]


def test_a_file_from_another_program_reads_the_same(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bookings.csv", [booking(children="1.0")])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    (row,) = BookingFile.read(file).rows

    assert isinstance(row, BookingRow)
    assert row.guests == 3


def test_a_packed_file_reads_as_it_was(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "bookings.csv", bookings(20, seed=1))
    packed = tmp_path / "bookings.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert BookingFile.read(packed) == BookingFile.read(plain)


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b"cut short" * 100)[:-12]], ids=["no gzip", "cut short"]
)
def test_a_packed_file_that_is_spoilt_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bookings.csv.gz"
    file.write_bytes(content)

    with pytest.raises(InvalidInput, match=r"bookings\.csv\.gz cannot be read"):
        BookingFile.read(file)


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        BookingFile.read(tmp_path / "none.csv")


def test_missing_columns_are_named(tmp_path: Path) -> None:
    file = tmp_path / "bookings.csv"
    file.write_text("adults,children\n2,0\n")

    with pytest.raises(InvalidInput, match=r"lacks the columns .*arrival_date_year.*babies"):
        BookingFile.read(file)


@pytest.mark.parametrize(
    ("first_day", "weeks"),
    [
        (date(2015, 7, 1), 0),
        (date(2015, 6, 1), 0),
        (date(2015, 7, 2), 1),
        (date(2015, 7, 8), 1),
        (date(2015, 7, 9), 2),
        (date(2027, 1, 1), 601),
    ],
)
def test_dates_move_by_the_least_weeks_that_bring_all_of_them_ahead(
    tmp_path: Path, first_day: date, weeks: int
) -> None:
    rows = [booking(arrival_date_day_of_month=9), booking(), booking(arrival_date_month="Nomonth")]
    file = BookingFile.read(write_csv(tmp_path / "bookings.csv", rows))

    assert file.weeks_until(first_day) == weeks


def test_a_part_is_taken_in_the_files_order(tmp_path: Path) -> None:
    file = BookingFile.read(write_csv(tmp_path / "bookings.csv", bookings(10, seed=1)))

    assert [row.line for row in file.part(offset=3, limit=2)] == [5, 6]
    assert [row.line for row in file.part(offset=8, limit=None)] == [10, 11]
    assert list(file.part(offset=20, limit=5)) == []
