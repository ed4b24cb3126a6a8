"""The hold's time limit."""

import pytest
from external_tasks.errors import NotFound
from support.driven_process import FORWARD, Start, wait_for

IN_THE_HOLD = ["block-room", "reserve-table", "confirm-room", "create-booking"]


@pytest.mark.parametrize("topic", IN_THE_HOLD)
def test_hold_that_takes_too_long_is_undone_and_ends_expired(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.reach_hold_limit()
    assert reservation.open_topics() == ["cancel-booking"]

    reservation.compensate()
    assert reservation.end() == "EndEvent_Expired"
    assert reservation.variables()["status"] == "expired"
    assert "BoundaryEvent_HoldLimit" in reservation.activities()


def test_limit_that_passes_while_the_booking_is_made_makes_its_result_void(start: Start) -> None:
    reservation = start()
    reservation.walk(until="create-booking")
    task = reservation.fetch("create-booking")
    reservation.reach_hold_limit()
    assert reservation.open_topics() == ["cancel-booking"]

    with pytest.raises(NotFound):
        reservation.complete_task(task, **FORWARD["create-booking"])
    reservation.compensate()
    assert reservation.end() == "EndEvent_Expired"
    assert "booking_id" not in reservation.variables()


def test_limit_ends_with_the_hold(start: Start) -> None:
    reservation = start()
    reservation.walk(until="block-room")
    (limit,) = reservation.jobs()
    assert 600 < limit.seconds_left <= 900

    reservation.walk_from("block-room")
    assert reservation.end() == "EndEvent_Confirmed"
    assert reservation.jobs() == []


def test_suspended_reservation_keeps_its_hold_until_it_goes_on(start: Start) -> None:
    reservation = start(hold_limit="PT8S")
    reservation.walk(until="block-room")
    reservation.suspend(True)
    wait_for(lambda: reservation.jobs()[0].seconds_left < -2, 60)
    assert reservation.open_topics() == ["block-room"]

    reservation.suspend(False)
    wait_for(lambda: reservation.open_topics() == ["cancel-booking"], 60)
