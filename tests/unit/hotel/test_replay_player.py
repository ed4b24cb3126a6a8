import threading
import time
from datetime import date
from typing import Any

import pytest
from hotel.errors import HotelError, WaitTimeout
from hotel.replay.player import Outcome, Player, play_all
from hotel.replay.rows import BookingRow
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.reports import ReservationResult
from hotel.reservations.states import ReservationState


def row(line: int = 2, **changes: Any) -> BookingRow:
    fields = {"arrival": date(2015, 7, 1), "nights": 3, "guests": 2, "room_type": "A"}
    return BookingRow(**{"line": line, "table": False, "cancelled": False, **fields, **changes})


class FakeClient(HotelReservationClient):
    """Answers at once, with the state it was told to."""

    def __init__(self, state: ReservationState | HotelError) -> None:
        self.state = state
        self.calls: list[str] = []

    def create_reservation(self, reservation: Any, **_: Any) -> ReservationResult:
        self.calls.append("create")
        if isinstance(self.state, HotelError):
            raise self.state
        return ReservationResult(reservation.reservation_ref, self.state, {}, "instance", seconds=1.5)

    def cancel(self, reference: str, **_: Any) -> ReservationResult:
        self.calls.append("cancel")
        return ReservationResult(reference, ReservationState.CANCELLED, {}, "instance", seconds=1.5)


def player(state: ReservationState | HotelError = ReservationState.CONFIRMED) -> tuple[Player, FakeClient]:
    client = FakeClient(state)
    return Player(client, "run", weeks=600, timeout=5), client


def test_a_row_becomes_a_reservation_ahead_in_time() -> None:
    reservation = player()[0].reservation_of(row(line=7, table=True))

    assert reservation.check_in == "2026-12-30"
    assert reservation.check_out == "2027-01-02"
    assert date.fromisoformat(reservation.check_in).weekday() == date(2015, 7, 1).weekday()
    assert (reservation.guests, reservation.table_wanted) == (2, True)
    assert reservation.reservation_ref == "replay-run-7"


def test_a_row_is_always_the_same_guest_and_guests_come_again() -> None:
    lines = [player()[0].reservation_of(row(line=line)) for line in (2, 3, 4, 2)]

    assert lines[0] == lines[3]
    assert lines[0].email == lines[1].email != lines[2].email
    assert (lines[0].first_name, lines[0].last_name) == (lines[1].first_name, lines[1].last_name)


@pytest.mark.parametrize(
    ("letter", "room_type"), [("A", "A"), ("F", "F"), ("G", "F"), ("H", "F"), ("L", "L")]
)
def test_letters_without_rooms_of_their_own_are_offered_the_suites(letter: str, room_type: str) -> None:
    assert player()[0].reservation_of(row(room_type=letter)).room_type == room_type


def test_a_row_that_is_confirmed_stays_so() -> None:
    playing, client = player()

    assert playing.play(row()) == Outcome(2, "replay-run-2", ReservationState.CONFIRMED, 1.5)
    assert client.calls == ["create"]


def test_a_cancelled_row_is_cancelled_after_it_was_confirmed() -> None:
    playing, client = player()

    assert playing.play(row(cancelled=True)).state is ReservationState.CANCELLED
    assert client.calls == ["create", "cancel"]


def test_a_cancelled_row_that_found_no_room_is_not_cancelled() -> None:
    playing, client = player(ReservationState.NOT_AVAILABLE)

    assert playing.play(row(cancelled=True)).state is ReservationState.NOT_AVAILABLE
    assert client.calls == ["create"]


def test_an_error_is_the_rows_outcome_and_no_end() -> None:
    outcome = player(WaitTimeout("too slow"))[0].play(row())

    assert outcome == Outcome(2, "replay-run-2", None, None, "too slow")
    assert not outcome.is_modelled


@pytest.mark.parametrize("state", [ReservationState.IN_PROGRESS, ReservationState.TERMINATED])
def test_a_state_outside_of_the_model_is_no_end(state: ReservationState) -> None:
    assert not player(state)[0].play(row()).is_modelled


def done(line: int) -> Outcome:
    return Outcome(line, f"r-{line}", ReservationState.CONFIRMED, 0.1)


def test_one_at_a_time_each_row_is_over_before_the_next_begins() -> None:
    events: list[str] = []

    def play(played: BookingRow) -> Outcome:
        events.append(f"begin {played.line}")
        events.append(f"end {played.line}")
        return done(played.line)

    outcomes = list(play_all(play, [row(2), row(3), row(4)], concurrency=1, rate=None))

    assert [outcome.line for outcome in outcomes] == [2, 3, 4]
    assert events == ["begin 2", "end 2", "begin 3", "end 3", "begin 4", "end 4"]


def test_as_many_rows_are_under_way_as_told() -> None:
    all_here = threading.Barrier(3, timeout=10)

    def play(played: BookingRow) -> Outcome:
        all_here.wait()
        return done(played.line)

    rows = [row(line) for line in range(2, 8)]

    assert {outcome.line for outcome in play_all(play, rows, concurrency=3, rate=None)} == {2, 3, 4, 5, 6, 7}


def test_rows_are_begun_no_faster_than_the_rate() -> None:
    began = time.monotonic()

    list(play_all(lambda played: done(played.line), [row(n) for n in range(2, 8)], concurrency=4, rate=25))

    assert time.monotonic() - began >= 5 / 25


def test_a_failure_of_the_player_itself_is_not_swallowed() -> None:
    def play(_: BookingRow) -> Outcome:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        list(play_all(play, [row()], concurrency=2, rate=None))


def test_nothing_to_play_is_over_at_once() -> None:
    assert list(play_all(lambda played: done(played.line), [], concurrency=4, rate=None)) == []
