"""What cannot be undone waits for people, is seen, and is healed."""

import pytest
from support.driven_process import COMPENSATION, Start


@pytest.mark.parametrize("topic", list(COMPENSATION))
def test_undoing_that_was_given_up_is_an_incident_until_it_gets_new_retries(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until="create-booking")
    reservation.fail("create-booking", "TASK_ERROR", "down")
    for done in list(COMPENSATION)[: list(COMPENSATION).index(topic)]:
        reservation.complete(done, **COMPENSATION[done])
    task = reservation.give_up(topic)
    (incident,) = reservation.incidents()
    assert (incident["incidentType"], incident["configuration"]) == ("failedExternalTask", task.id)
    assert reservation.state() == "ACTIVE"

    reservation.client.set_retries(task.id, 3)
    assert reservation.incidents() == []
    for left in list(COMPENSATION)[list(COMPENSATION).index(topic) :]:
        reservation.complete(left, **COMPENSATION[left])
    assert reservation.end() == "EndEvent_Failed"


@pytest.mark.parametrize("topic", list(COMPENSATION))
def test_error_in_undoing_asks_a_person_and_then_undoes_anew(start: Start, topic: str) -> None:
    """So it is where the settings let used-up retries of such a topic be a BPMN error."""
    reservation = start()
    reservation.walk(until="confirm-room")
    reservation.fail("confirm-room", "TASK_ERROR", "confirm-room is down")
    for done in list(COMPENSATION)[: list(COMPENSATION).index(topic)]:
        reservation.complete(done, **COMPENSATION[done])
    reservation.fail(topic, "TASK_ERROR", "no way")
    assert reservation.open_topics() == []
    assert reservation.variables()["error_message"] == "no way"

    reservation.clear_the_way()
    reservation.compensate()
    assert reservation.end() == "EndEvent_Failed"
    assert reservation.variables()["status"] == "failed"


def test_forward_task_may_be_an_incident_too_if_it_is_set_so(start: Start) -> None:
    reservation = start()
    reservation.walk(until="create-client")
    task = reservation.give_up("create-client")
    (incident,) = reservation.incidents()
    assert incident["configuration"] == incident["id"] or incident["incidentType"] == "failedExternalTask"

    reservation.client.set_retries(task.id, 1)
    reservation.walk_from("create-client")
    assert reservation.end() == "EndEvent_Confirmed"


def test_suspended_reservation_waits_and_goes_on(start: Start) -> None:
    reservation = start()
    reservation.walk(until="check-room-availability")
    reservation.suspend(True)
    with pytest.raises(AssertionError, match="no task check-room-availability"):
        reservation.fetch("check-room-availability", wait_seconds=0)

    reservation.suspend(False)
    reservation.walk_from("check-room-availability")
    assert reservation.end() == "EndEvent_Confirmed"
