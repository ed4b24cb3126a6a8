"""What becomes of a reservation when a part is down."""

import time

import pytest
from hotel.reservations.reservation import new_reference
from hotel.reservations.states import ReservationState
from support.proxy import proxied
from support.reservations import Services, new_fields, task_log
from support.stacks import Stack
from support.waiting import eventually

# As long as a service may be away in this test: many short tries.
PATIENT = {"WORKER_RETRIES": "60", "WORKER_RETRY_MAX_SECONDS": "1"}


def failures(stack: Stack, reference: str) -> list[str]:
    """Return the topics whose tasks have failed at least once, a failure each."""
    ids = [activity.process_instance_id for activity in stack.client.status(reference).activities]
    return [entry["topicName"] for entry in task_log(stack, sorted(set(ids))) if entry["failureLog"]]


@pytest.mark.any_engine
def test_a_service_that_is_down_for_20_s_costs_retries_then_all_goes_on(
    stack: Stack, services: Services
) -> None:
    stack.start_worker_alone(PATIENT)
    stack.stop_service("restaurant")
    down_since = time.monotonic()
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    eventually(lambda: failures(stack, reference).count("reserve-table") >= 5)
    assert services.stays(reference) == ["held"]

    time.sleep(max(0.0, down_since + 20 - time.monotonic()))
    stack.start_service("restaurant")
    result = stack.client.wait(reference)

    assert result.state is ReservationState.CONFIRMED
    assert result.seconds is not None
    assert result.seconds > 18
    assert set(failures(stack, reference)) == {"reserve-table"}
    assert services.tables(reference) == ["reserved"]
    stack.start_worker_alone()


def test_used_up_retries_undo_what_was_made_and_fail(stack: Stack, services: Services) -> None:
    with proxied(stack.urls["booking"]) as booking:
        booking.failing.add("/api/booking/create")
        stack.start_worker_alone({"BOOKING_URL": booking.url})
        result = stack.client.create_reservation(new_fields())
        stack.start_worker_alone()

    assert result.state is ReservationState.FAILED
    assert result.variables["error_code"] == "TASK_ERROR"
    # The first try and five more.
    assert failures(stack, result.reference) == ["create-booking"] * 5
    assert services.stays(result.reference) == ["released"]
    assert services.tables(result.reference) == ["cancelled"]
    assert services.bookings(result.reference) == []
    done = [activity.id for activity in stack.client.status(result.reference).activities]
    assert [name for name in done if name.startswith(("Task_Cancel", "Task_Release", "EndEvent_Failed"))] == [
        "Task_CancelBooking",
        "Task_CancelTable",
        "Task_ReleaseRoom",
        "EndEvent_Failed",
    ]


@pytest.mark.any_engine
def test_a_service_that_stays_down_fails_the_reservation_with_nothing_left(
    stack: Stack, services: Services
) -> None:
    stack.stop_service("client")
    result = stack.client.create_reservation(new_fields())
    stack.start_service("client")

    assert result.state is ReservationState.FAILED
    assert services.stays(result.reference) == []
    assert services.bookings(result.reference) == []


def test_what_cannot_be_undone_becomes_an_incident_that_a_retry_heals(
    stack: Stack, services: Services
) -> None:
    stack.stop_service("restaurant")
    result = stack.client.create_reservation(new_fields())

    status = stack.client.status(result.reference)
    assert result.state is ReservationState.IN_PROGRESS
    assert [incident.activity_id for incident in status.incidents] == ["Task_CancelTable"]
    assert [activity.id for activity in status.standing] == ["Task_CancelTable"]

    stack.start_service("restaurant")
    assert stack.client.retry(result.reference) == 1
    healed = stack.client.wait(result.reference)

    assert healed.state is ReservationState.FAILED
    assert stack.client.status(result.reference).incidents == []
    assert services.stays(result.reference) == ["released"]
    assert services.tables(result.reference) == []


@pytest.mark.any_engine
def test_what_follows_used_up_retries_is_a_setting_of_each_topic(stack: Stack) -> None:
    stack.start_worker_alone({"WORKER_EXHAUSTED": "search-client=incident", "WORKER_RETRIES": "1"})
    stack.stop_service("client")
    result = stack.client.create_reservation(new_fields())
    incidents = stack.client.status(result.reference).incidents

    stack.start_service("client")
    stack.client.retry(result.reference)
    healed = stack.client.wait(result.reference)
    stack.start_worker_alone()

    assert [incident.activity_id for incident in incidents] == ["Task_SearchClient"]
    assert healed.state is ReservationState.CONFIRMED


@pytest.mark.parametrize("stalling", ["/api/room/block", "/api/room/confirm"])
def test_a_worker_killed_in_the_middle_of_a_task_leaves_it_to_another_once_in_effect(
    stack: Stack, services: Services, stalling: str
) -> None:
    """The service has done its part, the worker dies before it hears so; another one repeats it."""
    reference = new_reference()
    with proxied(stack.urls["room"]) as room:
        room.stalling.add(stalling)
        killed = stack.start_worker_alone({"ROOM_URL": room.url})
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
        assert room.stalled.wait(30)
        stack.kill_worker(killed)

    stack.start_worker()
    result = stack.client.wait(reference)

    assert result.state is ReservationState.CONFIRMED
    assert services.stays(reference) == ["confirmed"]
    assert services.bookings(reference) == ["confirmed"]
    log = task_log(stack, [result.process_instance_id])
    assert not any(entry["failureLog"] for entry in log)


def test_two_workers_share_the_load_and_no_task_runs_twice(stack: Stack) -> None:
    second = stack.start_worker()
    references = [new_reference() for _ in range(12)]
    for reference in references:
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)

    results = [stack.client.wait(reference) for reference in references]
    stack.stop_worker(second)

    assert {result.state for result in results} == {ReservationState.CONFIRMED}
    log = task_log(stack, [result.process_instance_id for result in results])
    done = [entry["externalTaskId"] for entry in log if entry["successLog"]]
    assert len(done) == len(set(done)) == 6 * len(references)
    assert not any(entry["failureLog"] for entry in log)
    names = {entry["workerId"].rpartition(":")[0] for entry in log if entry["successLog"]}
    assert len(names) == 2


def test_a_worker_that_is_stopped_finishes_what_it_has_begun(stack: Stack, services: Services) -> None:
    reference = new_reference()
    with proxied(stack.urls["room"]) as room:
        room.stalling.add("/api/room/block")
        stopped = stack.start_worker_alone({"ROOM_URL": room.url, "WORKER_DRAIN_SECONDS": "1"})
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
        assert room.stalled.wait(30)
        stack.stop_worker(stopped)
    instance_id = stack.client.get(reference).process_instance_id
    tasks = stack.engine.client("admin").external_tasks(processInstanceId=instance_id)

    assert [task["workerId"] for task in tasks] == [None]
    stack.start_worker()
    assert stack.client.wait(reference).state is ReservationState.CONFIRMED
    assert services.stays(reference) == ["confirmed"]


def test_a_restart_of_the_engine_loses_nothing(stack: Stack, services: Services) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    confirmed = [new_reference() for _ in range(3)]
    for reference in confirmed:
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    suspended = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=suspended), wait=False)
    stack.client.suspend(suspended)

    stack.engine.restart()
    stack.start_worker()

    assert {stack.client.wait(reference).state for reference in confirmed} == {ReservationState.CONFIRMED}
    assert [services.bookings(reference) for reference in confirmed] == [["confirmed"]] * 3
    assert stack.client.get(suspended).suspended
    stack.client.resume(suspended)
    assert stack.client.wait(suspended).state is ReservationState.CONFIRMED


def test_a_hold_that_is_not_booked_in_time_expires(stack: Stack, services: Services) -> None:
    stack.start_worker_alone(
        {"WORKER_TOPICS": "validate-input,search-client,create-client,check-room-availability,block-room"}
    )
    reference = new_reference()
    wanted = new_fields(reservation_ref=reference, hold_limit="PT2S", table_wanted=False)
    stack.client.create_reservation(wanted, wait=False)
    eventually(lambda: services.stays(reference) == ["held"])
    # The engine's timer comes first; only then is there a worker for what it leads to.
    eventually(lambda: [a.id for a in stack.client.status(reference).standing] == ["Task_CancelBooking"])
    stack.start_worker_alone()

    assert stack.client.wait(reference).state is ReservationState.EXPIRED
    assert services.stays(reference) == ["released"]
    assert services.bookings(reference) == []
