from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from external_tasks import Worker
from external_tasks.handlers.outcomes import BpmnError, Complete, Failure, Outcome
from external_tasks.testing import FakeEngine, run_task
from hotel_worker.services import Services
from hotel_worker.topics import HANDLERS, new_router
from support.stub_service import Answer, StubService

Run = Callable[..., Outcome]
ROOMS, CLAIM = "GET /api/room/rooms", "POST /api/booking/claim"
TODAY = datetime.now(UTC).date()
VARIABLES: dict[str, Any] = {
    "reservation_ref": "R-1",
    "first_name": "Jean",
    "last_name": "Dupont",
    "email": "jean@example.com",
    "check_in": str(TODAY + timedelta(days=10)),
    "check_out": str(TODAY + timedelta(days=13)),
    "room_type": "A",
    "guests": 2,
}


@pytest.fixture(autouse=True)
def _free_reference_and_known_type(stub: StubService) -> None:
    stub.answer_json(ROOMS, {"items": [], "total": 7, "limit": 1, "offset": 0})
    stub.answer_json(CLAIM, {"reservation_ref": "R-1", "claimant": "instance-1"}, 201)


def test_valid_reservation_gets_its_nights(run: Run, stub: StubService) -> None:
    outcome = run("validate-input", **VARIABLES)

    assert outcome == Complete({"valid": True, "nights": 3})
    assert [request.path for request in stub.requests] == ["/api/room/rooms", "/api/booking/claim"]
    assert stub.requests[0].query == {"room_type": "A", "limit": "1"}


def test_claimant_is_the_process_instance(services: Services, stub: StubService) -> None:
    engine = FakeEngine()
    task = engine.add_task("validate-input", VARIABLES, business_key="R-1")
    worker = Worker(engine)
    worker.include(new_router(services))
    worker.run(once=True)

    assert task.state == "completed"
    assert stub.requests[-1].body == {"reservation_ref": "R-1", "claimant": task.process_instance_id}


def test_every_wrong_field_is_told_and_nobody_is_asked(run: Run, stub: StubService) -> None:
    outcome = run("validate-input", **{**VARIABLES, "guests": 0, "email": "nobody", "check_out": None})

    assert isinstance(outcome, BpmnError)
    assert outcome.code == "INVALID_INPUT"
    assert outcome.variables["valid"] is False
    fields = [error["field"] for error in outcome.variables["validation_errors"]]
    assert sorted(fields) == ["check_out", "email", "guests"]
    assert all(field in outcome.message for field in fields)
    assert stub.requests == []


def test_day_of_the_stay_may_be_today_but_not_yesterday(run: Run) -> None:
    today = {**VARIABLES, "check_in": str(TODAY)}
    assert isinstance(run("validate-input", **today), Complete)

    yesterday = {**VARIABLES, "check_in": str(TODAY - timedelta(days=1))}
    outcome = run("validate-input", **yesterday)
    assert isinstance(outcome, BpmnError)
    assert outcome.message == "check_in: must not be in the past"


# One of the two is always a day ahead of or behind UTC's, whatever the hour.
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_day_where_the_hotel_is(services: Services, zone: str) -> None:
    there = replace(services, time_zone=ZoneInfo(zone))
    today = datetime.now(ZoneInfo(zone)).date()

    for day, expected in [(today, Complete), (today - timedelta(days=1), BpmnError)]:
        stay = {**VARIABLES, "check_in": str(day), "check_out": str(today + timedelta(days=2))}
        handler = partial(HANDLERS["validate-input"], there)
        outcome = run_task(handler, stay, topic="validate-input", business_key="R-1")

        assert isinstance(outcome, expected)


def test_room_type_that_the_hotel_does_not_have_is_named(run: Run, stub: StubService) -> None:
    stub.answer_json(ROOMS, {"items": [], "total": 0})

    outcome = run("validate-input", **{**VARIABLES, "room_type": "Z"})

    assert outcome == BpmnError(
        "INVALID_INPUT",
        "room_type: is no room type of this hotel",
        {
            "valid": False,
            "validation_errors": [{"field": "room_type", "message": "is no room type of this hotel"}],
        },
    )
    assert len(stub.requests) == 1, "a reference must not be claimed for what cannot be reserved"


def test_reference_of_another_is_a_duplicate(run: Run, stub: StubService) -> None:
    stub.answer_problem(CLAIM, 409, "REFERENCE_TAKEN", "R-1 is taken")
    assert run("validate-input", **VARIABLES) == BpmnError("DUPLICATE_REFERENCE", "R-1 is taken")


@pytest.mark.parametrize("call", [ROOMS, CLAIM])
def test_service_that_is_away_is_tried_again(run: Run, stub: StubService, call: str) -> None:
    stub.answer(call, Answer(503, headers={"Retry-After": "7"}))
    outcome = run("validate-input", **VARIABLES)
    assert isinstance(outcome, Failure)
    assert outcome.retry_seconds == 7
