"""A cancellation at every time it may come."""

from functools import partial

import pytest
from external_tasks.errors import BadRequest, NotFound
from support.driven_process import COMPENSATION, FORWARD, Cancellations, Reservation, Start


def assert_cancelled(reservation: Reservation) -> None:
    assert reservation.end() == "EndEvent_Cancelled"
    variables = reservation.variables()
    assert variables["status"] == "cancelled"
    assert (
        variables.items()
        >= {"booking_cancelled": True, "table_cancelled": True, "room_released": True}.items()
    )


@pytest.mark.parametrize("topic", list(FORWARD))
def test_cancel_while_a_task_waits_undoes_and_ends_cancelled(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.cancel()

    assert reservation.open_topics() == ["cancel-booking"]
    assert reservation.jobs() == []
    reservation.compensate()
    assert_cancelled(reservation)


@pytest.mark.parametrize("topic", list(FORWARD))
def test_cancel_while_a_worker_is_at_work_makes_its_result_void(start: Start, topic: str) -> None:
    """The worker's HTTP call may have had its effect or may have it later: both are undone by reference."""
    reservation = start()
    reservation.walk(until=topic)
    task = reservation.fetch(topic)
    reservation.cancel()

    with pytest.raises(NotFound):
        reservation.complete_task(task, **FORWARD[topic])
    reservation.compensate()
    assert_cancelled(reservation)


@pytest.mark.parametrize("topic", list(COMPENSATION))
def test_cancel_while_it_is_being_undone_changes_nothing(
    start: Start, cancellations: Cancellations, topic: str
) -> None:
    reservation = start()
    reservation.walk(until="confirm-room")
    reservation.fail("confirm-room", "HOLD_EXPIRED")
    for done in list(COMPENSATION)[: list(COMPENSATION).index(topic)]:
        reservation.complete(done, **COMPENSATION[done])
    reservation.cancel()
    reservation.cancel()

    assert reservation.open_topics() == [topic]
    for left in list(COMPENSATION)[list(COMPENSATION).index(topic) :]:
        reservation.complete(left, **COMPENSATION[left])
    assert reservation.end() == "EndEvent_Expired"
    assert cancellations(reservation.ref) == [], "the message must not have started a second instance"


def test_cancel_after_it_was_confirmed_is_an_instance_of_its_own(
    start: Start, cancellations: Cancellations
) -> None:
    reservation = start()
    reservation.walk()
    reservation.cancel()

    (cancellation,) = cancellations(reservation.ref)
    assert cancellation.id != reservation.id
    assert cancellation.variables() == {
        "reservation_ref": reservation.ref,
        "status": "in_progress",
        "outcome": "cancelled",
    }
    cancellation.compensate()
    assert_cancelled(cancellation)
    assert cancellation.activities() == [
        "StartEvent_Cancel",
        "SubProcess_Compensate",
        "StartEvent_Compensate",
        "Task_CancelBooking",
        "Task_CancelTable",
        "Task_ReleaseRoom",
        "EndEvent_Compensated",
        "Gateway_Outcome",
        "EndEvent_Cancelled",
    ]
    assert reservation.variables()["status"] == "confirmed", "what happened before is not rewritten"


def test_cancel_of_what_nobody_knows_is_undone_as_anything_else(
    start: Start, cancellations: Cancellations
) -> None:
    reservation = start()
    unknown = Reservation(reservation.engine, "", f"{reservation.ref}-unknown")
    unknown.cancel()

    (cancellation,) = cancellations(unknown.ref)
    for topic, variables in COMPENSATION.items():
        cancellation.complete(topic, **dict.fromkeys(variables, False))
    assert cancellation.end() == "EndEvent_Cancelled"
    assert cancellation.variables()["booking_cancelled"] is False
    assert reservation.open_topics() == ["validate-input"], "another reservation is not touched"


def test_cancel_of_a_suspended_reservation_ends_both_instances_cancelled(
    start: Start, cancellations: Cancellations
) -> None:
    """The message does not reach a suspended instance, so it starts one that undoes.

    What it leaves in the services lets the suspended one find out once it goes on.
    """
    reservation = start()
    reservation.walk(until="block-room")
    reservation.suspend(True)
    reservation.cancel()
    (cancellation,) = cancellations(reservation.ref)
    cancellation.compensate()
    assert_cancelled(cancellation)

    reservation.suspend(False)
    reservation.fail("block-room", "RESERVATION_CANCELLED")
    reservation.compensate()
    assert_cancelled(reservation)


def test_cancel_at_the_same_time_as_the_last_task_has_one_winner(
    start: Start, cancellations: Cancellations
) -> None:
    """Both change the same instance: the later one gets a conflict, and repeats."""
    for _ in range(5):
        reservation = start()
        reservation.walk(until="create-booking")
        task = reservation.fetch("create-booking")
        complete = partial(reservation.complete_task, task, **FORWARD["create-booking"])
        completion, cancel = reservation.at_once(complete, reservation.cancel)
        assert completion is None or isinstance(completion, NotFound) or completion.status == 500
        assert cancel is None or cancel.status == 500
        if completion is not None:
            with pytest.raises(NotFound):
                complete()
        if cancel is not None:
            reservation.cancel()

        (undone,) = cancellations(reservation.ref) or [reservation]
        assert (undone is reservation) == (completion is not None)
        undone.compensate()
        assert_cancelled(undone)
        assert reservation.end() in {"EndEvent_Confirmed", "EndEvent_Cancelled"}


def test_cancel_is_refused_while_two_instances_of_the_reference_could_take_it(start: Start) -> None:
    """The later one ends as a duplicate once its reference is checked; then the message has one taker."""
    first = start()
    first.walk(until="block-room")
    second = start(first.ref)
    with pytest.raises(BadRequest):
        first.cancel()

    second.fail("validate-input", "DUPLICATE_REFERENCE")
    assert second.end() == "EndEvent_Duplicate"
    first.cancel()
    first.compensate()
    assert_cancelled(first)
