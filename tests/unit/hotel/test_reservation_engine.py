"""Calls to the engine, against a server that answers what a test wants."""

from collections.abc import Iterator
from typing import Any

import pytest
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from hotel.errors import EngineFailure, ExitCode, HotelError, Refused, Unreachable
from hotel.reservations.engine import ReservationEngine
from hotel.reservations.reservation import Reservation
from support.http_stub import Answer, HttpStub, http_stub

CONFLICT = Answer(500, {"type": "OptimisticLockingException", "message": "met another", "code": 1})
RESERVATION = Reservation(
    first_name="Jean",
    last_name="Martin",
    email="jean@example.com",
    check_in="2027-06-01",
    check_out="2027-06-04",
    room_type="B",
    guests=2,
    reservation_ref="R-1",
)
INSTANCE: dict[str, Any] = {
    "id": "i-1",
    "businessKey": "R-1",
    "startActivityId": "StartEvent_Reservation",
    "startTime": "2027-01-01T10:00:00.000+0000",
    "endTime": None,
    "durationInMillis": None,
    "state": "ACTIVE",
}


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with http_stub() as running:
        yield running


@pytest.fixture
def engine(stub: HttpStub) -> Iterator[ReservationEngine]:
    with EngineClient(stub.url, auth=BasicAuth("client", "secret"), timeout=5) as client:
        yield ReservationEngine(client)


@pytest.fixture
def patient(stub: HttpStub) -> Iterator[ReservationEngine]:
    with EngineClient(stub.url, timeout=5) as client:
        yield ReservationEngine(client, patience_seconds=20)


def test_a_reservation_is_started_with_its_reference_as_business_key(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    stub.answer(Answer(200, {"id": "i-1"}))

    engine.start(RESERVATION)

    (request,) = stub.requests
    assert request.target == "/engine-rest/process-definition/key/HotelReservationProcess/start"
    assert request.json["businessKey"] == "R-1"
    assert request.json["variables"]["guests"] == {"value": 2, "type": "Integer"}
    assert "phone" not in request.json["variables"]


def test_a_start_whose_answer_was_lost_is_not_repeated(stub: HttpStub, patient: ReservationEngine) -> None:
    stub.answer(Answer(hang_up=True), Answer(200, [INSTANCE]))

    patient.start(RESERVATION)

    assert [request.method for request in stub.requests] == ["POST", "GET"]


def test_a_start_that_had_no_effect_is_repeated(stub: HttpStub, patient: ReservationEngine) -> None:
    stub.answer(Answer(503), Answer(200, []), Answer(200, {"id": "i-1"}))

    patient.start(RESERVATION)

    assert [request.method for request in stub.requests] == ["POST", "GET", "POST"]


def test_without_patience_nothing_is_repeated(stub: HttpStub, engine: ReservationEngine) -> None:
    stub.answer(Answer(503))

    with pytest.raises(EngineFailure):
        engine.start(RESERVATION)

    assert len(stub.requests) == 1


def test_with_patience_an_engine_that_comes_back_is_waited_for(
    stub: HttpStub, patient: ReservationEngine
) -> None:
    stub.answer(Answer(500, {"message": "database away"}), Answer(503), Answer(200, [INSTANCE]))

    assert [instance.id for instance in patient.instances("R-1")] == ["i-1"]


def test_a_call_that_met_another_transaction_is_repeated_even_without_patience(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    stub.answer(CONFLICT, CONFLICT, Answer(204))

    engine.send_cancel("R-1")

    assert len(stub.requests) == 3


def test_a_cancellation_that_the_reservation_overtook_is_sent_again_whatever_the_engines_words(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    overtaken = 'Cannot invoke "ExecutionEntity.getId()" because "processInstance" is null'
    stub.answer(Answer(500, {"type": "RestException", "message": overtaken}), Answer(204))

    engine.send_cancel("R-1")

    assert [request.json["businessKey"] for request in stub.requests] == ["R-1", "R-1"]


def test_a_cancellation_that_the_engine_cannot_take_is_an_error(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    stub.answer(*[Answer(500, {"type": "RestException", "message": "disk full"})] * 50)

    with pytest.raises(EngineFailure, match="disk full"):
        engine.send_cancel("R-1")


def test_conflicts_without_end_are_an_error(stub: HttpStub, engine: ReservationEngine) -> None:
    stub.answer(*[CONFLICT] * 50)

    with pytest.raises(EngineFailure, match="met another"):
        engine.set_suspended("i-1", suspended=True)


def test_a_process_that_is_not_deployed_is_told_with_what_to_do(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    stub.answer(Answer(404, {"type": "RestException", "message": "No matching process definition"}))

    with pytest.raises(EngineFailure, match="hotel deploy"):
        engine.start(RESERVATION)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(hang_up=True), Unreachable, ExitCode.UNREACHABLE),
        (Answer(401), Refused, ExitCode.REFUSED),
        (Answer(403), Refused, ExitCode.REFUSED),
        (Answer(500), EngineFailure, ExitCode.UNEXPECTED),
        (Answer(200, b"<html>"), EngineFailure, ExitCode.UNEXPECTED),
    ],
)
def test_errors_of_the_engine_are_told_without_the_password(
    stub: HttpStub, engine: ReservationEngine, answer: Answer, error: type[HotelError], code: ExitCode
) -> None:
    stub.answer(answer, answer)

    with pytest.raises(error) as told:
        engine.instances("R-1")

    assert told.value.exit_code == code
    assert "secret" not in str(told.value)


def test_variables_of_inner_scopes_give_way_to_the_processs_own(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    def variable(value: str, execution: str) -> dict[str, Any]:
        return {
            "name": "status",
            "type": "String",
            "value": value,
            "processInstanceId": "i-1",
            "executionId": execution,
        }

    stub.answer(Answer(200, [INSTANCE]), Answer(200, [variable("own", "i-1"), variable("inner", "e-2")]))

    (instance,) = engine.with_variables(engine.instances("R-1"))

    assert instance.variables == {"status": "own"}


def test_the_history_of_called_processes_is_told_in_its_place(
    stub: HttpStub, engine: ReservationEngine
) -> None:
    def activity(name: str, second: int, called: str | None = None) -> dict[str, Any]:
        return {
            "id": f"{name}:1",
            "activityId": name,
            "activityName": None,
            "activityType": "serviceTask",
            "processInstanceId": "i-1",
            "startTime": f"2027-01-01T10:00:0{second}.000+0000",
            "endTime": f"2027-01-01T10:00:0{second}.250+0000",
            "canceled": False,
            "calledProcessInstanceId": called,
        }

    stub.answer(
        Answer(200, [activity("first", 1), activity("call", 2, called="i-2"), activity("last", 4)]),
        Answer(200, [activity("inside", 3)]),
    )

    activities = engine.activities("i-1")

    assert [activity.name for activity in activities] == ["first", "call", "inside", "last"]
    assert activities[0].seconds == 0.25


@pytest.mark.parametrize(("kind", "path"), [("failedExternalTask", "external-task"), ("failedJob", "job")])
def test_a_retry_goes_to_what_failed(stub: HttpStub, engine: ReservationEngine, kind: str, path: str) -> None:
    own = {
        "id": "x",
        "rootCauseIncidentId": "x",
        "incidentType": kind,
        "activityId": "Task_ReleaseRoom",
        "incidentMessage": None,
        "configuration": "t-1",
        "incidentTimestamp": "2027-01-01T10:00:00.000+0000",
    }
    stub.answer(Answer(200, [own, {**own, "id": "y"}]), Answer(204))

    (incident,) = engine.incidents("i-1")
    engine.retry(incident, retries=5)

    assert stub.requests[-1].target == f"/engine-rest/{path}/t-1/retries"
    assert stub.requests[-1].json == {"retries": 5}
