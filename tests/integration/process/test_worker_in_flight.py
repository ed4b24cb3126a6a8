"""A worker that is in the middle of a call to a service when the process moves on without it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import pytest
from external_tasks import Worker
from hotel_worker.settings import WorkerSettings
from hotel_worker.topics import EXHAUSTED, HANDLERS, variables_of
from hotel_worker.wiring import connect_services
from support.driven_process import DRIVEN, Reservation, Start, wait_for
from support.stacks import Engine
from support.stub_service import Answer, StubService

BLOCK, RELEASE = "POST /api/room/block", "POST /api/room/release"
TODAY = datetime.now(UTC).date()
STAY = {
    "check_in": str(TODAY + timedelta(days=30)),
    "check_out": str(TODAY + timedelta(days=33)),
    "room_type": "A",
}


class SlowHold:
    """A room service that answers a hold only when it is told to."""

    def __init__(self) -> None:
        self.asked, self.go_on = Event(), Event()

    def wait(self) -> None:
        self.asked.set()
        assert self.go_on.wait(60)


@pytest.fixture
def hold() -> Iterator[SlowHold]:
    hold = SlowHold()
    yield hold
    hold.go_on.set()


@pytest.fixture
def stub(hold: SlowHold) -> Iterator[StubService]:
    stub = StubService()
    room = {"room_id": "101", "room_type": "A", "capacity": 2, "price_per_night": 80}
    stay = {"stay_id": "s-1", "room_id": "101", "expires_at": None}
    stub.answer_json("GET /api/room/rooms", {"total": 1})
    stub.answer_json("POST /api/booking/claim", {"reservation_ref": "R", "claimant": "C"})
    stub.answer_json("GET /api/client/search", {"client": {"client_id": "c-1"}})
    stub.answer_json("GET /api/room/availability", {"rooms": [room]})
    stub.answer(BLOCK, Answer(201, stay, before=hold.wait))
    stub.answer_json("POST /api/booking/cancel", {"cancelled": False})
    stub.answer_json("POST /api/restaurant/cancel", {"cancelled": False})
    stub.answer_json(RELEASE, {"released": False})
    yield stub
    stub.close()


@pytest.fixture
def worker(engine: Engine, stub: StubService) -> Iterator[Worker]:
    settings = WorkerSettings(
        booking_url=stub.url,
        room_url=stub.url,
        restaurant_url=stub.url,
        client_url=stub.url,
        service_timeout_seconds=60,
    )
    services = connect_services(settings)
    worker = Worker(engine.client("worker"), slots=2, poll_seconds=1)
    for topic, handler in HANDLERS.items():
        register = worker.task(
            DRIVEN.topic_prefix + topic,
            variables=variables_of(handler),
            on_retries_exhausted=EXHAUSTED[topic],
        )
        register(partial(handler, services))
    worker.start()
    yield worker
    worker.stop()


def assert_undone_before_the_answer_came(
    reservation: Reservation, stub: StubService, hold: SlowHold, end: str
) -> None:
    wait_for(lambda: reservation.state() == "COMPLETED", 60)
    paths = [f"{request.method} {request.path}" for request in stub.requests]
    assert paths.index(BLOCK) < paths.index(RELEASE)
    hold.go_on.set()
    assert reservation.end() == end


@pytest.mark.usefixtures("worker")
def test_cancel_does_not_wait_for_the_call(start: Start, stub: StubService, hold: SlowHold) -> None:
    reservation = start(**STAY)
    assert hold.asked.wait(60)
    reservation.cancel()
    assert_undone_before_the_answer_came(reservation, stub, hold, "EndEvent_Cancelled")


@pytest.mark.usefixtures("worker")
def test_hold_limit_does_not_wait_for_the_call(start: Start, stub: StubService, hold: SlowHold) -> None:
    reservation = start(**STAY, hold_limit="PT1S")
    assert_undone_before_the_answer_came(reservation, stub, hold, "EndEvent_Expired")


def test_late_answer_is_noticed_and_disturbs_nobody(
    start: Start, worker: Worker, hold: SlowHold, stub: StubService
) -> None:
    reservation = start(**STAY)
    assert hold.asked.wait(60)
    reservation.cancel()
    assert_undone_before_the_answer_came(reservation, stub, hold, "EndEvent_Cancelled")

    assert worker.stop() is True
    assert "room_id" not in reservation.variables()
