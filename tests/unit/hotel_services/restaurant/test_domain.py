import datetime as dt

import pytest
from hotel_services.restaurant.domain import FloorPlan, Table, TableRequest, sold_out
from hypothesis import given
from hypothesis import strategies as st

DAY = dt.date(2027, 3, 31)
PLAN = FloorPlan(
    tables=(Table("B", 4), Table("A", 4), Table("small", 2), Table("big", 8)),
    seatings=("18:00", "20:30"),
)


def test_the_smallest_fitting_table_comes_first_and_equals_by_name() -> None:
    assert [table.table_id for table in PLAN.offer(3, taken=())] == ["A", "B", "big"]


def test_taken_tables_are_not_offered() -> None:
    assert [table.table_id for table in PLAN.offer(1, taken={"small", "A"})] == ["B", "big"]


def test_nothing_is_offered_to_a_party_that_no_table_seats() -> None:
    assert PLAN.offer(9, taken=()) == []


def test_a_party_that_fits_at_a_known_seating_is_not_refused() -> None:
    assert PLAN.refusal(TableRequest(DAY, "18:00", 8)) is None


@pytest.mark.parametrize(
    ("seating", "guests", "reason"),
    [
        ("19:00", 2, "There is no seating at 19:00, only at 18:00, 20:30"),
        ("18:00", 9, "The largest table seats 8, fewer than the party of 9"),
    ],
)
def test_a_refusal_says_what_would_do(seating: str, guests: int, reason: str) -> None:
    assert PLAN.refusal(TableRequest(DAY, seating, guests)) == reason


def test_a_sold_out_seating_is_named() -> None:
    assert (
        sold_out(TableRequest(DAY, "18:00", 3)) == "Every table that seats 3 is taken on 2027-03-31 at 18:00"
    )


@given(
    seats=st.lists(st.integers(1, 20), min_size=1, max_size=12),
    guests=st.integers(1, 20),
    data=st.data(),
)
def test_an_offer_is_every_free_fitting_table_by_size(
    seats: list[int], guests: int, data: st.DataObject
) -> None:
    tables = tuple(Table(f"T{number:02}", size) for number, size in enumerate(seats))
    taken = data.draw(st.sets(st.sampled_from([table.table_id for table in tables])))

    offer = FloorPlan(tables, ("18:00",)).offer(guests, taken)

    fitting = {table.table_id for table in tables if table.seats >= guests}
    assert {table.table_id for table in offer} == fitting - taken
    assert [table.seats for table in offer] == sorted(table.seats for table in offer)
