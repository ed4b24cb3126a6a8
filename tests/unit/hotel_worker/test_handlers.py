"""Each handler: what it asks of which service, what it makes of the answer."""

from collections.abc import Callable

import pytest
from external_tasks.handlers.outcomes import BpmnError, Complete, Failure, Outcome
from hotel_worker.handlers.room import choose
from hotel_worker.services.room import Room
from support.stub_service import Answer, StubService

Run = Callable[..., Outcome]
STAY = {"check_in": "2027-04-01", "check_out": "2027-04-04", "guests": 2}
SEARCH = {"reservation_ref": "R-1", "room_type": "A", **STAY}
BLOCK = {"reservation_ref": "R-1", "selected_room_id": "101", **STAY}
HELD = {"stay_id": "s-1", "room_id": "101", "state": "held", "expires_at": "2027-03-31T12:00:00Z"}
KEPT = {**HELD, "reservation_ref": "R-1", "room_id": "103", **STAY}
TABLE = {"reservation_ref": "R-1", "check_in": "2027-04-01", "guests": 2}
BOOKING = {"reservation_ref": "R-1", "client_id": "c-1", "room_id": "101", **STAY}


def completed(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, Complete), outcome
    return dict(outcome.variables)


class TestSearchClient:
    def test_known_client_is_taken(self, run: Run, stub: StubService) -> None:
        stub.answer_json("GET /api/client/search", {"found": True, "client": {"client_id": "c-1"}})

        outcome = run("search-client", email="jean+x@example.com")

        assert completed(outcome) == {"client_found": True, "client_id": "c-1"}
        assert stub.requests[0].query == {"email": "jean+x@example.com"}

    def test_unknown_client_is_said_to_be_so(self, run: Run, stub: StubService) -> None:
        stub.answer_json("GET /api/client/search", {"found": False, "client": None})

        assert completed(run("search-client", email="jean@example.com")) == {"client_found": False}


class TestCreateClient:
    def test_client_is_created_with_trimmed_names(self, run: Run, stub: StubService) -> None:
        stub.answer_json("POST /api/client/create", {"client_id": "c-1"}, 201)

        outcome = run(
            "create-client", first_name=" Jean ", last_name="李", email="jean@example.com", phone=None
        )

        assert completed(outcome) == {"client_id": "c-1"}
        assert stub.requests[0].body == {
            "first_name": "Jean",
            "last_name": "李",
            "email": "jean@example.com",
        }

    def test_phone_goes_along(self, run: Run, stub: StubService) -> None:
        stub.answer_json("POST /api/client/create", {"client_id": "c-1"})
        run("create-client", first_name="J", last_name="D", email="j@example.com", phone="+33 123")
        assert stub.requests[0].body["phone"] == "+33 123"


def room(room_id: str, capacity: int = 2, price: float = 90) -> dict[str, object]:
    return {"room_id": room_id, "room_type": "A", "capacity": capacity, "price_per_night": price}


class TestCheckRoomAvailability:
    def test_smallest_room_that_fits_is_selected(self, run: Run, stub: StubService) -> None:
        rooms = [room("101", 4), room("203", 2, 75), room("202", 2, 80), room("001", 1)]
        stub.answer_json("GET /api/room/availability", {"available": True, "rooms": rooms})

        outcome = run("check-room-availability", **SEARCH)

        assert completed(outcome) == {
            "roomAvailable": True,
            "selected_room_id": "202",
            "price_per_night": 80.0,
        }
        assert stub.requests[0].query == {
            "check_in": "2027-04-01",
            "check_out": "2027-04-04",
            "room_type": "A",
            "guests": "2",
        }

    def test_rooms_that_were_refused_are_not_tried_again(self, run: Run, stub: StubService) -> None:
        stub.answer_json("GET /api/room/availability", {"rooms": [room("101"), room("102")]})
        outcome = run("check-room-availability", **SEARCH, rooms_refused=["101"])
        assert completed(outcome)["selected_room_id"] == "102"
        stub.answer_json("GET /api/room/stays", {"items": []})

        outcome = run("check-room-availability", **SEARCH, rooms_refused=["101", "102"])
        assert completed(outcome) == {"roomAvailable": False}

    def test_without_rooms_none_is_available(self, run: Run, stub: StubService) -> None:
        stub.answer_json("GET /api/room/availability", {"available": False, "rooms": []})
        stub.answer_json("GET /api/room/stays", {"items": []})
        outcome = run("check-room-availability", **SEARCH)
        assert completed(outcome) == {"roomAvailable": False}
        assert stub.requests[-1].query == {"reservation_ref": "R-1", "active": "true", "limit": "1"}

    def test_the_room_that_the_reservation_keeps_already_is_free_for_it(
        self, run: Run, stub: StubService
    ) -> None:
        stub.answer_json("GET /api/room/availability", {"available": False, "rooms": []})
        stub.answer_json("GET /api/room/stays", {"items": [KEPT]})
        stub.answer_json("GET /api/room/rooms/103", room("103", price=70))

        outcome = run("check-room-availability", **SEARCH)

        assert completed(outcome) == {
            "roomAvailable": True,
            "selected_room_id": "103",
            "price_per_night": 70.0,
        }

    @pytest.mark.parametrize(
        "other", [{"check_in": "2027-03-31"}, {"check_out": "2027-04-05"}, {"guests": 1}]
    )
    def test_a_room_that_it_keeps_for_another_stay_is_not(
        self, run: Run, stub: StubService, other: dict[str, object]
    ) -> None:
        stub.answer_json("GET /api/room/availability", {"available": False, "rooms": []})
        stub.answer_json("GET /api/room/stays", {"items": [{**KEPT, **other}]})
        assert completed(run("check-room-availability", **SEARCH)) == {"roomAvailable": False}

    def test_choice_does_not_depend_on_the_order_of_the_offer(self) -> None:
        offer = [
            Room(room_id=room_id, room_type="A", capacity=capacity, price_per_night=1)
            for room_id, capacity in [("9", 2), ("10", 2), ("8", 3), ("7", 1)]
        ]
        chosen = {choose(offer, 2), choose(offer[::-1], 2)}
        assert {room.room_id for room in chosen if room} == {"10"}, "ids are compared as texts"


class TestBlockRoom:
    def test_room_is_held_a_little_longer_than_the_process_waits(self, run: Run, stub: StubService) -> None:
        stub.answer_json("POST /api/room/block", HELD, 201)

        outcome = run("block-room", hold_limit="PT10M", **BLOCK)

        assert completed(outcome) == {
            "room_id": "101",
            "room_blocked": True,
            "hold_id": "s-1",
            "hold_expires_at": "2027-03-31T12:00:00Z",
        }
        assert stub.requests[0].body == {
            "reservation_ref": "R-1",
            "room_id": "101",
            "hold_seconds": 660,
            **STAY,
        }

    @pytest.mark.parametrize("limit", [{}, {"hold_limit": None}])
    def test_hold_limit_has_a_default(self, run: Run, stub: StubService, limit: dict[str, None]) -> None:
        stub.answer_json("POST /api/room/block", HELD)
        run("block-room", **BLOCK, **limit)
        assert stub.requests[0].body["hold_seconds"] == 960

    def test_room_taken_by_another_is_remembered(self, run: Run, stub: StubService) -> None:
        stub.answer_problem("POST /api/room/block", 409, "ROOM_NOT_AVAILABLE", "Room 101 is taken")

        outcome = run("block-room", rooms_refused=["100"], **BLOCK)

        assert outcome == BpmnError(
            "ROOM_NOT_AVAILABLE", "Room 101 is taken", {"rooms_refused": ["100", "101"]}
        )

    def test_the_room_that_the_reservation_keeps_already_takes_the_place_of_the_selected_one(
        self, run: Run, stub: StubService
    ) -> None:
        stub.answer_problem("POST /api/room/block", 409, "REFERENCE_TAKEN", "it holds another room")
        stub.answer_json("GET /api/room/stays", {"items": [KEPT]})
        stub.answer_json("GET /api/room/rooms/103", room("103", price=70))

        assert completed(run("block-room", **BLOCK)) == {
            "selected_room_id": "103",
            "price_per_night": 70.0,
            "room_id": "103",
            "room_blocked": True,
            "hold_id": "s-1",
            "hold_expires_at": "2027-03-31T12:00:00Z",
        }

    @pytest.mark.parametrize("kept", [[], [{**KEPT, "check_out": "2027-04-05"}]])
    def test_a_reference_that_stands_for_another_stay_fails_the_task(
        self, run: Run, stub: StubService, kept: list[dict[str, object]]
    ) -> None:
        stub.answer_problem("POST /api/room/block", 409, "REFERENCE_TAKEN", "other nights")
        stub.answer_json("GET /api/room/stays", {"items": kept})

        outcome = run("block-room", **BLOCK)

        assert isinstance(outcome, BpmnError)
        assert (outcome.code, outcome.message) == ("TASK_ERROR", "REFERENCE_TAKEN: other nights")

    @pytest.mark.parametrize("code", ["HOLD_EXPIRED", "RESERVATION_CANCELLED"])
    def test_hold_that_is_over_ends_the_reservation(self, run: Run, stub: StubService, code: str) -> None:
        stub.answer_problem("POST /api/room/block", 409, code, "too late")
        assert run("block-room", **BLOCK) == BpmnError(code, "too late")


class TestReserveTable:
    @pytest.mark.parametrize(("seating", "asked"), [({"table_seating": "21:00"}, "21:00"), ({}, "19:00")])
    def test_table_is_reserved_for_the_evening_of_arrival(
        self, run: Run, stub: StubService, seating: dict[str, str], asked: str
    ) -> None:
        stub.answer_json("POST /api/restaurant/reserve", {"table_id": "t-1", "state": "reserved"}, 201)

        outcome = run("reserve-table", **TABLE, **seating)

        assert completed(outcome) == {"table_id": "t-1", "table_reserved": True}
        assert stub.requests[0].body == {
            "reservation_ref": "R-1",
            "date": "2027-04-01",
            "seating": asked,
            "guests": 2,
        }

    @pytest.mark.parametrize("code", ["TABLE_NOT_AVAILABLE", "RESERVATION_CANCELLED"])
    def test_refusal_is_a_modelled_error(self, run: Run, stub: StubService, code: str) -> None:
        stub.answer_problem("POST /api/restaurant/reserve", 409, code, "sorry")
        assert run("reserve-table", **TABLE) == BpmnError(code, "sorry")


class TestConfirmRoom:
    def test_hold_becomes_a_stay(self, run: Run, stub: StubService) -> None:
        stub.answer_json("POST /api/room/confirm", {"stay_id": "s-1", "room_id": "101"})
        assert completed(run("confirm-room", reservation_ref="R-1")) == {"room_confirmed": True}
        assert stub.requests[0].body == {"reservation_ref": "R-1"}

    @pytest.mark.parametrize("code", ["HOLD_EXPIRED", "RESERVATION_CANCELLED"])
    def test_refusal_is_a_modelled_error(self, run: Run, stub: StubService, code: str) -> None:
        stub.answer_problem("POST /api/room/confirm", 409, code, "sorry")
        assert run("confirm-room", reservation_ref="R-1") == BpmnError(code, "sorry")


class TestCreateBooking:
    @pytest.mark.parametrize("table", [{}, {"table_id": "t-1"}])
    def test_booking_is_confirmed_at_once(self, run: Run, stub: StubService, table: dict[str, str]) -> None:
        stub.answer_json("POST /api/booking/create", {"booking_id": "b-1", "status": "confirmed"}, 201)

        outcome = run("create-booking", **BOOKING, **table)

        assert completed(outcome) == {"booking_id": "b-1", "status": "confirmed"}
        assert stub.requests[0].body == {**BOOKING, "confirm": True, **table}

    def test_reservation_cancelled_meanwhile_is_a_modelled_error(self, run: Run, stub: StubService) -> None:
        stub.answer_problem("POST /api/booking/create", 409, "RESERVATION_CANCELLED", "too late")
        assert run("create-booking", **BOOKING) == BpmnError("RESERVATION_CANCELLED", "too late")


UNDOING = [
    ("cancel-booking", "POST /api/booking/cancel", "cancelled", "booking_cancelled"),
    ("cancel-table", "POST /api/restaurant/cancel", "cancelled", "table_cancelled"),
    ("release-room", "POST /api/room/release", "released", "room_released"),
]


class TestUndoing:
    @pytest.mark.parametrize(("topic", "call", "answer", "variable"), UNDOING)
    @pytest.mark.parametrize("done", [True, False], ids=["done", "nothing to do"])
    def test_it_tells_whether_there_was_something_to_undo(
        self, run: Run, stub: StubService, topic: str, call: str, answer: str, variable: str, done: object
    ) -> None:
        stub.answer_json(call, {"reservation_ref": "R-1", answer: done})
        assert completed(run(topic, reservation_ref="R-1")) == {variable: done}
        assert stub.requests[0].body == {"reservation_ref": "R-1"}

    @pytest.mark.parametrize(("topic", "call"), [row[:2] for row in UNDOING])
    def test_what_cannot_be_undone_is_an_incident(
        self, run: Run, stub: StubService, topic: str, call: str
    ) -> None:
        stub.answer(call, Answer(503))
        outcome = run(topic, reservation_ref="R-1", retries=1)
        assert isinstance(outcome, Failure)
        assert outcome.retries == 0

        stub.answer_problem(call, 422, "VALIDATION_FAILED")
        outcome = run(topic, reservation_ref="R-1")
        assert isinstance(outcome, Failure)
        assert outcome.retries == 0


@pytest.mark.parametrize(
    ("topic", "variables", "call"),
    [
        ("search-client", {"email": "j@example.com"}, "GET /api/client/search"),
        (
            "create-client",
            {"first_name": "J", "last_name": "D", "email": "j@example.com"},
            "POST /api/client/create",
        ),
        ("check-room-availability", SEARCH, "GET /api/room/availability"),
        ("block-room", BLOCK, "POST /api/room/block"),
        ("reserve-table", TABLE, "POST /api/restaurant/reserve"),
        ("confirm-room", {"reservation_ref": "R-1"}, "POST /api/room/confirm"),
        ("create-booking", BOOKING, "POST /api/booking/create"),
    ],
)
class TestForwardTasks:
    def test_refusal_that_no_path_is_modelled_for_fails_the_task_at_once(
        self, run: Run, stub: StubService, topic: str, variables: dict[str, object], call: str
    ) -> None:
        stub.answer_problem(call, 422, "VALIDATION_FAILED", errors=[{"field": "guests", "message": "no"}])
        outcome = run(topic, **variables)
        assert isinstance(outcome, BpmnError)
        assert outcome.code == "TASK_ERROR"
        assert "422 (VALIDATION_FAILED; guests)" in outcome.message

    def test_service_that_is_away_is_tried_again_and_then_fails_the_task(
        self, run: Run, stub: StubService, topic: str, variables: dict[str, object], call: str
    ) -> None:
        stub.answer(call, Answer(503))
        assert isinstance(run(topic, **variables), Failure)

        last = run(topic, retries=1, **variables)
        assert isinstance(last, BpmnError)
        assert last.code == "TASK_ERROR"

    def test_variable_that_the_process_forgot_fails_the_task_at_once(
        self, run: Run, stub: StubService, topic: str, variables: dict[str, object], call: str
    ) -> None:
        first, *_ = variables
        outcome = run(topic, **{name: value for name, value in variables.items() if name != first})
        assert isinstance(outcome, BpmnError)
        assert first in outcome.message
        assert stub.requests == [], f"{call} must not be called"


def test_a_service_that_is_down_shows_no_value_of_the_guest(run: Run, stub: StubService) -> None:
    stub.close()
    for topic, variables in (
        ("search-client", {"email": "zoe@example.com"}),
        ("create-client", {"first_name": "Zoe", "last_name": "Doe", "email": "zoe@example.com"}),
    ):
        outcome = run(topic, **variables)

        assert isinstance(outcome, Failure)
        assert outcome.details == ""
        assert "zoe" not in outcome.message.lower()
