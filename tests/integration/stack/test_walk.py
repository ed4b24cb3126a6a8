"""The way of a reservation, as the specification tells it."""

from collections import defaultdict

import pytest
from hotel.reservations.engine import PROCESS
from hotel.reservations.reservation import new_reference
from hotel.reservations.states import ReservationState
from support.reservations import Services, instances_of, new_fields
from support.stacks import Stack
from support.waiting import eventually

SET_BY = {
    "Task_ValidateInput": {"valid", "nights"},
    "Task_SearchClient": {"client_found"},
    "Task_CreateClient": {"client_id"},
    "Task_CheckRoomAvailability": {"roomAvailable", "selected_room_id", "price_per_night"},
    "Task_BlockRoom": {"room_id", "room_blocked", "hold_id", "hold_expires_at"},
    "Task_ReserveTable": {"table_id", "table_reserved"},
    "Task_ConfirmRoom": {"room_confirmed"},
    "Task_CreateBooking": {"booking_id", "status"},
}


def test_a_reservation_is_confirmed_and_on_record_everywhere(stack: Stack, services: Services) -> None:
    result = stack.client.create_reservation(new_fields())

    assert result.state is ReservationState.CONFIRMED
    assert services.stays(result.reference) == ["confirmed"]
    assert services.tables(result.reference) == ["reserved"]
    assert services.bookings(result.reference) == ["confirmed"]


def test_every_task_sets_its_variables(stack: Stack) -> None:
    result = stack.client.create_reservation(new_fields())

    assert variables_by_activity(stack, result.reference) == SET_BY
    variables = result.variables
    assert variables["valid"] is True
    assert variables["roomAvailable"] is True
    assert variables["selected_room_id"] == variables["room_id"]
    assert variables["room_blocked"] is True
    assert variables["status"] == "confirmed"
    for name in ("client_id", "booking_id", "table_id", "hold_id"):
        assert isinstance(variables[name], str), name


def variables_by_activity(stack: Stack, reference: str) -> dict[str, set[str]]:
    """Return the variables that each external task set, from the engine's history of updates."""
    admin = stack.engine.client("admin")
    by_activity: defaultdict[str, set[str]] = defaultdict(set)
    for instance in instances_of(stack, reference):
        activities = admin.get("/history/activity-instance", {"processInstanceId": instance["id"]})
        names = {item["id"]: item["activityId"] for item in activities}
        updates = admin.get("/history/detail", {"processInstanceId": instance["id"], "variableUpdates": True})
        for update in updates:
            activity = names.get(update["activityInstanceId"], "")
            if activity.startswith("Task_"):
                by_activity[activity].add(update["variableName"])
    return dict(by_activity)


def test_the_called_process_gets_all_variables_and_gives_all_back(stack: Stack) -> None:
    wanted = new_fields()
    result = stack.client.create_reservation(wanted)

    admin = stack.engine.client("admin")
    (called,) = admin.get("/history/process-instance", {"superProcessInstanceId": result.process_instance_id})
    found = admin.get("/history/variable-instance", {"processInstanceId": called["id"]})
    inside = {item["name"]: item["value"] for item in found}

    assert called["processDefinitionKey"] == "ClientCreationProcess"
    assert called["businessKey"] == result.reference
    assert wanted.items() <= inside.items()
    assert inside["valid"] is True
    assert inside["client_id"] == result.variables["client_id"]
    assert result.variables["client_found"] is False


def test_a_guest_who_comes_again_is_found(stack: Stack) -> None:
    first = stack.client.create_reservation(new_fields(email="again@example.com"))
    second = stack.client.create_reservation(new_fields(email="AGAIN@example.com"))

    assert second.variables["client_found"] is True
    assert second.variables["client_id"] == first.variables["client_id"]


def test_history_shows_every_activity_with_its_times(stack: Stack) -> None:
    result = stack.client.create_reservation(new_fields())

    activities = {activity.id: activity for activity in stack.client.status(result.reference).activities}

    assert set(SET_BY) <= activities.keys()
    assert {
        "StartEvent_Reservation",
        "SubProcess_CreateClient",
        "Gateway_ClientFound",
        "Gateway_RoomAvailable",
        "SubProcess_Hold",
        "Gateway_TableWanted",
        "EndEvent_Confirmed",
    } <= activities.keys()
    assert all(activity.ended_at is not None for activity in activities.values())
    begun = [activities[name].started_at for name in SET_BY]
    assert begun == sorted(begun)


@pytest.mark.parametrize(("table_wanted", "tasks"), [(True, {"Task_ReserveTable"}), (False, set())])
def test_a_table_is_reserved_where_it_is_wanted(
    stack: Stack, services: Services, *, table_wanted: bool, tasks: set[str]
) -> None:
    result = stack.client.create_reservation(new_fields(table_wanted=table_wanted))

    done = {activity.id for activity in stack.client.status(result.reference).activities}
    assert done & {"Task_ReserveTable"} == tasks
    assert services.tables(result.reference) == ["reserved"] * len(tasks)
    assert result.state is ReservationState.CONFIRMED


def test_without_a_free_room_it_is_not_available(stack: Stack, services: Services) -> None:
    wanted = new_fields(room_type="F", table_wanted=False)
    rooms = services.get("room", "/api/room/rooms", limit="200")["items"]
    suites = [room for room in rooms if room["room_type"] == "F"]
    for _ in suites:
        assert stack.client.create_reservation(wanted).state is ReservationState.CONFIRMED

    result = stack.client.create_reservation(wanted)

    assert result.state is ReservationState.NOT_AVAILABLE
    assert result.variables["roomAvailable"] is False
    assert services.stays(result.reference) == []
    assert services.bookings(result.reference) == []


def test_the_monitoring_queries_of_the_specification_answer(stack: Stack) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    engine = stack.engine.client("client")

    active = engine.get("/process-instance", {"processDefinitionKey": PROCESS})
    (instance,) = [item for item in active if item["businessKey"] == reference]
    waiting = engine.get("/external-task", {"topicName": "validate-input", "locked": "false"})
    variables = engine.get(f"/process-instance/{instance['id']}/variables")

    assert instance["id"] in {task["processInstanceId"] for task in waiting}
    assert variables["reservation_ref"] == {"type": "String", "value": reference, "valueInfo": {}}
    assert variables["guests"]["type"] == "Integer"
    assert variables["table_wanted"] == {"type": "Boolean", "value": True, "valueInfo": {}}
    stack.start_worker()
    assert stack.client.wait(reference).state is ReservationState.CONFIRMED


def test_a_suspended_reservation_waits_and_goes_on_when_resumed(stack: Stack) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    assert stack.client.suspend(reference).suspended

    stack.start_worker()
    other = stack.client.create_reservation(new_fields())

    assert other.state is ReservationState.CONFIRMED
    waiting = stack.client.status(reference)
    assert waiting.result.state is ReservationState.IN_PROGRESS
    assert [activity.id for activity in waiting.standing] == ["Task_ValidateInput"]
    assert not stack.client.resume(reference).suspended
    assert stack.client.wait(reference).state is ReservationState.CONFIRMED


def test_suspending_reaches_the_called_process(stack: Stack) -> None:
    stack.start_worker_alone({"WORKER_TOPICS": "validate-input"})
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    eventually(lambda: [a.id for a in stack.client.status(reference).standing] == ["Task_SearchClient"])

    stack.client.suspend(reference)
    stack.start_worker_alone()
    stack.client.create_reservation(new_fields())

    assert [a.id for a in stack.client.status(reference).standing] == ["Task_SearchClient"]
    stack.client.resume(reference)
    assert stack.client.wait(reference).state is ReservationState.CONFIRMED
