from dataclasses import replace
from datetime import date

import pytest
from hotel.replay.invariants import count_violations
from hotel.replay.player import Outcome
from hotel.replay.records import Booking, Records, Stay, TableReservation
from hotel.reservations.states import ReservationState

DAY = date(2027, 6, 1)
STAY = Stay("r-1", "101", DAY, date(2027, 6, 4), active=True)
BOOKING = Booking("r-1", alive=True)
TABLE = TableReservation("r-1", "T01", DAY, "19:00", active=True)
OUTCOME = Outcome(2, "r-1", ReservationState.CONFIRMED, 1.0)
SOUND = Records(stays=[STAY], bookings=[BOOKING], tables=[TABLE], emails=["jean@example.com"])


def violated(
    records: Records = SOUND, outcomes: tuple[Outcome, ...] = (OUTCOME,), incidents: int = 0
) -> dict[str, int]:
    return {name: count for name, count in count_violations(records, outcomes, incidents).items() if count}


def test_a_sound_stack_violates_nothing() -> None:
    assert violated() == {}


@pytest.mark.parametrize(
    ("begin", "end", "count"),
    [
        (date(2027, 6, 3), date(2027, 6, 5), 1),
        (date(2027, 6, 2), date(2027, 6, 3), 1),
        (date(2027, 6, 1), date(2027, 6, 4), 1),
        (date(2027, 6, 4), date(2027, 6, 5), 0),
        (date(2027, 5, 28), date(2027, 6, 1), 0),
    ],
)
def test_stays_may_touch_but_not_overlap(begin: date, end: date, count: int) -> None:
    other = replace(STAY, reference="other", check_in=begin, check_out=end)

    assert violated(replace(SOUND, stays=[STAY, other])) == ({"no_overlapping_stays": 1} if count else {})


def test_a_short_stay_within_a_long_one_does_not_hide_the_next_overlap() -> None:
    long = replace(STAY, reference="long", check_out=date(2027, 6, 20))
    later = replace(STAY, reference="later", check_in=date(2027, 6, 10), check_out=date(2027, 6, 11))

    assert violated(replace(SOUND, stays=[STAY, long, later])) == {"no_overlapping_stays": 2}


def test_stays_in_other_rooms_and_released_ones_do_not_overlap() -> None:
    elsewhere = replace(STAY, reference="other", room_id="102")
    released = replace(STAY, reference="gone", active=False)

    assert violated(replace(SOUND, stays=[STAY, elsewhere, released])) == {}


def test_a_hold_and_a_table_need_a_booking_that_is_alive() -> None:
    assert violated(
        replace(SOUND, bookings=[Booking("r-1", alive=False)]),
        (replace(OUTCOME, state=ReservationState.CANCELLED),),
    ) == {"no_hold_without_live_booking": 1, "no_table_without_live_booking": 1}


def test_holds_of_reservations_outside_of_the_run_are_not_judged() -> None:
    other = replace(STAY, reference="under way", room_id="102")

    assert violated(replace(SOUND, stays=[STAY, other])) == {}


def test_a_confirmed_reservation_needs_its_booking_and_its_room() -> None:
    nothing = Records(stays=[], bookings=[], tables=[], emails=[])

    assert violated(nothing) == {"no_confirmed_reservation_without_booking_and_room": 1}


def test_a_booking_needs_its_confirmed_reservation() -> None:
    assert violated(outcomes=(replace(OUTCOME, state=ReservationState.FAILED),)) == {
        "no_booking_without_confirmed_reservation": 1
    }


def test_a_table_is_sold_once_for_a_seating() -> None:
    again = replace(TABLE, reference="other")
    other_seating = replace(TABLE, reference="later", seating="20:30")
    cancelled = replace(TABLE, reference="gone", active=False)

    assert violated(replace(SOUND, tables=[TABLE, again, other_seating, cancelled])) == {
        "no_table_sold_twice": 1
    }


def test_a_reference_has_one_booking() -> None:
    assert violated(replace(SOUND, bookings=[BOOKING, BOOKING, Booking("other", alive=True)])) == {
        "one_booking_per_reference": 1
    }


def test_an_email_address_is_one_client_however_it_is_written() -> None:
    emails = ["jean@example.com", "JEAN@example.com", "\uff4aean@example.com", "other@example.com"]

    assert violated(replace(SOUND, emails=emails)) == {"one_client_per_email": 2}


def test_incidents_and_rows_without_an_end_count() -> None:
    lost = Outcome(3, "r-3", None, None, "too slow")

    assert violated(outcomes=(OUTCOME, lost), incidents=2) == {
        "no_incident": 2,
        "every_row_in_a_modelled_end_state": 1,
    }
