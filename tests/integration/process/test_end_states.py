"""Each way through the process to each of its ends."""

import pytest
from support.driven_process import COMPENSATION, FORWARD, VARIABLES, Reservation, Start


def test_straight_way_ends_confirmed(start: Start) -> None:
    reservation = start()
    reservation.walk()

    assert reservation.end() == "EndEvent_Confirmed"
    assert reservation.variables()["status"] == "confirmed"


def test_variables_after_each_task_are_those_of_the_task(start: Start) -> None:
    reservation = start()
    expected = {**VARIABLES, "reservation_ref": reservation.ref, "status": "in_progress"}
    assert reservation.variables() == expected
    for topic, variables in FORWARD.items():
        reservation.complete(topic, **variables)
        if topic == "search-client":
            continue  # it sets its variables in the called instance, which gives them back when it ends
        expected |= variables | (FORWARD["search-client"] if topic == "create-client" else {})
        assert reservation.variables() == expected


def test_called_process_gets_all_variables_and_the_business_key(start: Start) -> None:
    reservation = start()
    reservation.complete("validate-input", **FORWARD["validate-input"])

    task = reservation.fetch("search-client")

    assert task.business_key == reservation.ref
    assert task.process_instance_id != reservation.id
    assert {name: value["value"] for name, value in task.variables.items()} == {
        **VARIABLES,
        "reservation_ref": reservation.ref,
        "status": "in_progress",
        "valid": True,
        "nights": 3,
    }


def test_known_client_is_not_created_again(start: Start) -> None:
    reservation = start()
    reservation.complete("validate-input", valid=True, nights=3)
    reservation.complete("search-client", client_found=True, client_id="c-7")

    assert reservation.open_topics() == ["check-room-availability"]
    assert reservation.variables()["client_id"] == "c-7"


@pytest.mark.parametrize("changes", [{"table_wanted": False}, {"table_wanted": None}])
def test_no_table_is_reserved_that_is_not_wanted(start: Start, changes: dict[str, object]) -> None:
    reservation = start(**changes)
    reservation.walk(until="reserve-table")

    assert reservation.open_topics() == ["confirm-room"]


def test_without_a_table_left_the_room_is_booked_all_the_same(start: Start) -> None:
    reservation = start()
    reservation.walk(until="reserve-table")
    reservation.fail("reserve-table", "TABLE_NOT_AVAILABLE")
    assert reservation.variables()["table_reserved"] is False

    reservation.complete("confirm-room", room_confirmed=True)
    reservation.complete("create-booking", booking_id="b-1", status="confirmed")
    assert reservation.end() == "EndEvent_Confirmed"


def test_optional_variables_have_defaults(start: Start) -> None:
    reservation = start(hold_limit=None, table_wanted=None)
    reservation.walk(until="reserve-table")
    (timer,) = reservation.jobs()

    assert reservation.open_topics() == ["confirm-room"]
    assert 600 < timer.seconds_left <= 900


def test_invalid_input_ends_rejected_with_its_errors(start: Start) -> None:
    errors = [{"field": "guests", "message": "must be 1 or more"}]
    reservation = start()
    reservation.fail("validate-input", "INVALID_INPUT", "guests: must be 1 or more", validation_errors=errors)

    assert reservation.end() == "EndEvent_Rejected"
    variables = reservation.variables()
    assert variables["status"] == "rejected"
    assert variables["validation_errors"] == errors
    assert variables["error_code"] == "INVALID_INPUT"
    assert variables["error_message"] == "guests: must be 1 or more"


def test_taken_reference_ends_duplicate_and_undoes_nothing(start: Start) -> None:
    reservation = start()
    reservation.fail("validate-input", "DUPLICATE_REFERENCE")

    assert reservation.end() == "EndEvent_Duplicate"
    assert reservation.variables()["status"] == "duplicate"
    assert "SubProcess_Compensate" not in reservation.activities()


@pytest.mark.parametrize("code", ["TASK_ERROR", "SOMETHING_NEW"])
def test_failure_before_the_claim_undoes_nothing(start: Start, code: str) -> None:
    """Undoing is by reference, and before the claim the reference may be another instance's."""
    reservation = start()
    reservation.fail("validate-input", code, "the service is down")

    assert reservation.end() == "EndEvent_Failed"
    variables = reservation.variables()
    assert (variables["status"], variables["error_code"]) == ("failed", code)
    assert variables["error_message"] == "the service is down"
    assert "SubProcess_Compensate" not in reservation.activities()


def test_without_a_room_it_ends_not_available(start: Start) -> None:
    reservation = start()
    reservation.walk(until="check-room-availability")
    reservation.complete("check-room-availability", roomAvailable=False)

    assert reservation.end() == "EndEvent_NotAvailable"
    assert reservation.variables()["status"] == "not_available"
    assert "SubProcess_Compensate" not in reservation.activities()


def test_room_taken_by_another_leads_back_to_the_search(start: Start) -> None:
    reservation = start()
    reservation.walk(until="block-room")
    reservation.fail("block-room", "ROOM_NOT_AVAILABLE", rooms_refused=["101"])
    assert reservation.variables()["rooms_refused"] == ["101"]
    assert reservation.jobs() == [], "the limit of the hold that was not had must not go on"

    reservation.complete("check-room-availability", roomAvailable=True, selected_room_id="102")
    assert reservation.fetch("block-room").variables["selected_room_id"]["value"] == "102"


def test_room_taken_by_another_and_no_other_left_ends_not_available(start: Start) -> None:
    reservation = start()
    reservation.walk(until="block-room")
    reservation.fail("block-room", "ROOM_NOT_AVAILABLE", rooms_refused=["101"])
    reservation.complete("check-room-availability", roomAvailable=False)

    assert reservation.end() == "EndEvent_NotAvailable"


AFTER_THE_CLAIM = [topic for topic in FORWARD if topic != "validate-input"]


def assert_failed(reservation: Reservation, code: str, message: str) -> None:
    assert reservation.end() == "EndEvent_Failed"
    variables = reservation.variables()
    assert variables["status"] == "failed"
    assert variables["error_code"] == code
    assert variables["error_message"] == message
    assert {name: variables[name] for done in COMPENSATION.values() for name in done} == {
        "booking_cancelled": True,
        "table_cancelled": True,
        "room_released": True,
    }


@pytest.mark.parametrize("topic", AFTER_THE_CLAIM)
def test_task_that_fails_is_undone_and_ends_failed(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.fail(topic, "TASK_ERROR", f"{topic} is down")
    assert reservation.variables()["status"] == "in_progress"

    reservation.compensate()
    assert_failed(reservation, "TASK_ERROR", f"{topic} is down")


@pytest.mark.parametrize("topic", [topic for topic in AFTER_THE_CLAIM if "client" not in topic])
def test_error_that_nobody_has_modelled_is_undone_and_ends_failed(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.fail(topic, "SOMETHING_NEW", "surprise")
    reservation.compensate()

    assert_failed(reservation, "SOMETHING_NEW", "surprise")


@pytest.mark.parametrize("topic", ["search-client", "create-client"])
def test_error_of_the_called_process_reaches_the_caller_as_a_task_error(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.fail(topic, "SOMETHING_NEW", "surprise")
    reservation.compensate()

    assert_failed(reservation, "TASK_ERROR", "surprise")


@pytest.mark.parametrize("topic", ["block-room", "reserve-table", "confirm-room", "create-booking"])
def test_reservation_that_was_cancelled_meanwhile_ends_cancelled(start: Start, topic: str) -> None:
    reservation = start()
    reservation.walk(until=topic)
    reservation.fail(topic, "RESERVATION_CANCELLED")
    reservation.compensate()

    assert reservation.end() == "EndEvent_Cancelled"
    assert reservation.variables()["status"] == "cancelled"


def test_hold_that_expired_in_the_service_ends_expired(start: Start) -> None:
    reservation = start()
    reservation.walk(until="confirm-room")
    reservation.fail("confirm-room", "HOLD_EXPIRED")
    reservation.compensate()

    assert reservation.end() == "EndEvent_Expired"
    assert reservation.variables()["status"] == "expired"
