from typing import Any

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.app import Resources
from hotel_services.room import stays
from hotel_services.room.tables import Stay
from sqlalchemy import select, update
from werkzeug.test import TestResponse

ANY_DAY = {"check_in": "2027-03-01", "check_out": "2027-03-04"}


def block(rooms: FlaskClient, ref: str, **changes: Any) -> TestResponse:
    return rooms.post(
        "/api/room/block", json={"reservation_ref": ref, "room_id": "101", "guests": 2, **ANY_DAY, **changes}
    )


def post(rooms: FlaskClient, verb: str, ref: str) -> TestResponse:
    return rooms.post(f"/api/room/{verb}", json={"reservation_ref": ref})


def available(rooms: FlaskClient, **changes: Any) -> list[str]:
    answer = rooms.get("/api/room/availability", query_string={"guests": 1, **ANY_DAY, **changes})
    assert answer.status_code == 200
    found = answer.get_json()
    assert found["available"] is bool(found["rooms"])
    return [room["room_id"] for room in found["rooms"]]


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json(force=True)["code"]


def let_run_out(rooms: FlaskClient, ref: str) -> None:
    """Put the end of a hold a moment into the past."""
    resources = rooms.application.extensions["resources"]
    assert isinstance(resources, Resources)
    past = update(Stay).where(Stay.reservation_ref == ref).values(expires_at=Stay.created_at)
    resources.database.write(lambda session: session.execute(past))


def kept_state(rooms: FlaskClient, ref: str) -> str:
    """Return the state that the table holds, whatever the clock says."""
    resources = rooms.application.extensions["resources"]
    assert isinstance(resources, Resources)
    wanted = select(Stay.state).where(Stay.reservation_ref == ref)
    return str(resources.database.read(lambda session: session.scalars(wanted).one()))


def shown_state(rooms: FlaskClient, ref: str) -> str:
    listed = rooms.get("/api/room/stays", query_string={"reservation_ref": ref}).get_json()
    return str(listed["items"][0]["state"])


class TestAvailability:
    def test_rooms_are_listed_by_number_with_what_they_cost(self, rooms: FlaskClient) -> None:
        answer = rooms.get("/api/room/availability", query_string={"guests": 6, **ANY_DAY}).get_json()
        assert [room["room_id"] for room in answer["rooms"]] == ["601", "602", "603", "604"]
        assert answer["rooms"][0] == {
            "room_id": "601",
            "room_type": "F",
            "type_name": "Suite",
            "capacity": 6,
            "price_per_night": 259.0,
            "currency": "EUR",
        }

    def test_hotel_has_sixty_rooms_of_six_types(self, rooms: FlaskClient) -> None:
        listed = rooms.get("/api/room/rooms?limit=200").get_json()
        assert listed["total"] == len(listed["items"]) >= 60
        assert {room["room_type"] for room in listed["items"]} == set("ABCDEF")

    def test_rooms_of_one_type_are_listed(self, rooms: FlaskClient) -> None:
        assert rooms.get("/api/room/rooms?room_type=F&limit=1").get_json()["total"] == 4
        assert rooms.get("/api/room/rooms?room_type=Z").get_json()["total"] == 0

    def test_type_can_be_chosen(self, rooms: FlaskClient) -> None:
        assert available(rooms, room_type="F", guests=2) == ["601", "602", "603", "604"]
        assert available(rooms, room_type="Z") == []

    def test_room_that_is_held_is_not_offered(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        assert "101" not in available(rooms)
        assert "101" not in available(rooms, check_in="2027-03-03", check_out="2027-03-05")

    def test_day_of_departure_is_free_for_the_next_guest(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        assert "101" in available(rooms, check_in="2027-03-04", check_out="2027-03-05")
        assert "101" in available(rooms, check_in="2027-02-27", check_out="2027-03-01")

    def test_more_guests_than_any_room_takes(self, rooms: FlaskClient) -> None:
        assert available(rooms, guests=7) == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"check_out": "2027-03-01"}, "check_out"),
            ({"check_out": "2027-02-01"}, "check_out"),
            ({"check_out": "2028-03-01"}, "check_out"),
            ({"check_in": "2027-13-01"}, "check_in"),
            ({"check_in": "tomorrow"}, "check_in"),
            ({"guests": "0"}, "guests"),
            ({"guests": "2.5"}, "guests"),
            ({"room_type": "x y"}, "room_type"),
        ],
    )
    def test_impossible_request_is_refused(self, rooms: FlaskClient, changes: Any, field: str) -> None:
        answer = rooms.get("/api/room/availability", query_string={"guests": 1, **ANY_DAY, **changes})
        assert code_of(answer) == (422, "VALIDATION_FAILED")
        assert [error["field"] for error in answer.get_json(force=True)["errors"]] == [field]


class TestHold:
    def test_room_is_held_for_a_time(self, rooms: FlaskClient) -> None:
        answer = block(rooms, "R1", hold_seconds=60)
        stay = answer.get_json()
        assert (answer.status_code, stay["state"]) == (201, "held")
        assert stay["created_at"] < stay["expires_at"]
        assert rooms.get(f"/api/room/stays/{stay['stay_id']}").get_json() == stay

    def test_same_request_again_finds_the_stay(self, rooms: FlaskClient) -> None:
        first, second = block(rooms, "R1"), block(rooms, "R1")
        assert (second.status_code, second.data) == (200, first.data)

    @pytest.mark.parametrize("changes", [{"room_id": "102"}, {"guests": 1}, {"check_out": "2027-03-05"}])
    def test_other_request_under_the_same_reference_is_refused(
        self, rooms: FlaskClient, changes: Any
    ) -> None:
        block(rooms, "R1")
        assert code_of(block(rooms, "R1", **changes)) == (409, "REFERENCE_TAKEN")

    def test_taken_room_is_refused(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        assert code_of(block(rooms, "R2")) == (409, "ROOM_NOT_AVAILABLE")

    def test_next_guest_comes_on_the_day_of_departure(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        assert block(rooms, "R2", check_in="2027-03-04", check_out="2027-03-05").status_code == 201

    def test_unknown_room_is_not_found(self, rooms: FlaskClient) -> None:
        assert code_of(block(rooms, "R1", room_id="999")) == (404, "NOT_FOUND")

    def test_room_is_not_overcrowded(self, rooms: FlaskClient) -> None:
        assert code_of(block(rooms, "R1", guests=3)) == (409, "TOO_MANY_GUESTS")

    def test_refused_hold_leaves_nothing(self, rooms: FlaskClient) -> None:
        block(rooms, "R1", guests=3)
        assert rooms.get("/api/room/stays").get_json()["total"] == 0
        assert block(rooms, "R1").status_code == 201


class TestExpiry:
    def test_room_of_an_expired_hold_is_free_without_a_sweep(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        let_run_out(rooms, "R1")
        assert kept_state(rooms, "R1") == "held"
        assert "101" in available(rooms)
        assert block(rooms, "R2").status_code == 201
        assert kept_state(rooms, "R1") == "expired"

    def test_expired_hold_is_shown_as_expired_at_once(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        let_run_out(rooms, "R1")
        assert shown_state(rooms, "R1") == "expired"
        assert rooms.get("/api/room/stays?state=expired").get_json()["total"] == 1
        assert rooms.get("/api/room/stays?state=held").get_json()["total"] == 0
        assert rooms.get("/api/room/stays?active=true").get_json()["total"] == 0
        assert rooms.get("/api/room/stays?active=false").get_json()["total"] == 1

    def test_expired_hold_cannot_be_confirmed(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        let_run_out(rooms, "R1")
        assert code_of(post(rooms, "confirm", "R1")) == (409, "HOLD_EXPIRED")

    def test_expired_hold_cannot_be_taken_up_again(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        let_run_out(rooms, "R1")
        assert code_of(block(rooms, "R1")) == (409, "HOLD_EXPIRED")

    def test_sweep_notes_expired_holds_only(self, rooms: FlaskClient) -> None:
        for ref, room in [("R1", "101"), ("R2", "102"), ("R3", "103")]:
            block(rooms, ref, room_id=room)
        post(rooms, "confirm", "R2")
        let_run_out(rooms, "R1")
        let_run_out(rooms, "R2")
        database = rooms.application.extensions["resources"].database

        assert database.write(stays.sweep) == 1
        states = [kept_state(rooms, ref) for ref in ("R1", "R2", "R3")]
        assert states == ["expired", "confirmed", "held"]


class TestConfirm:
    def test_confirmed_stay_runs_out_no_more(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        assert post(rooms, "confirm", "R1").get_json()["state"] == "confirmed"
        let_run_out(rooms, "R1")
        assert shown_state(rooms, "R1") == "confirmed"
        assert code_of(block(rooms, "R2")) == (409, "ROOM_NOT_AVAILABLE")

    def test_confirming_again_finds_it_confirmed(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        first, second = post(rooms, "confirm", "R1"), post(rooms, "confirm", "R1")
        assert (second.status_code, second.data) == (200, first.data)

    def test_nothing_to_confirm(self, rooms: FlaskClient) -> None:
        assert code_of(post(rooms, "confirm", "R1")) == (404, "NOT_FOUND")


class TestRelease:
    @pytest.mark.parametrize("confirmed", [False, True])
    def test_released_room_is_free(self, rooms: FlaskClient, *, confirmed: bool) -> None:
        block(rooms, "R1")
        if confirmed:
            post(rooms, "confirm", "R1")
        answer = post(rooms, "release", "R1")
        assert answer.get_json() == {"reservation_ref": "R1", "state": "released", "released": True}
        assert "101" in available(rooms)
        assert shown_state(rooms, "R1") == "released"

    def test_releasing_again_changes_nothing(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        post(rooms, "release", "R1")
        assert post(rooms, "release", "R1").get_json()["released"] is False

    def test_release_that_comes_first_refuses_the_late_hold(self, rooms: FlaskClient) -> None:
        assert post(rooms, "release", "R1").get_json()["released"] is False
        assert code_of(block(rooms, "R1")) == (409, "RESERVATION_CANCELLED")
        assert code_of(post(rooms, "confirm", "R1")) == (409, "RESERVATION_CANCELLED")

    def test_released_reservation_holds_nothing_again(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        post(rooms, "release", "R1")
        assert code_of(block(rooms, "R1")) == (409, "RESERVATION_CANCELLED")

    def test_expired_hold_can_be_released_but_kept_no_room(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        let_run_out(rooms, "R1")
        assert post(rooms, "release", "R1").get_json()["released"] is False
        assert shown_state(rooms, "R1") == "released"


class TestLists:
    def test_stays_are_listed_youngest_first_in_pages(self, rooms: FlaskClient) -> None:
        for number, room in enumerate(["101", "102", "103"]):
            block(rooms, f"R{number}", room_id=room)
        page = rooms.get("/api/room/stays?limit=2&offset=1").get_json()
        assert [stay["reservation_ref"] for stay in page["items"]] == ["R1", "R0"]
        assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)

    def test_stays_of_a_room(self, rooms: FlaskClient) -> None:
        block(rooms, "R1")
        block(rooms, "R2", room_id="102")
        listed = rooms.get("/api/room/stays?room_id=102").get_json()
        assert [stay["reservation_ref"] for stay in listed["items"]] == ["R2"]

    def test_room_is_shown(self, rooms: FlaskClient) -> None:
        assert rooms.get("/api/room/rooms/501").get_json()["capacity"] == 5

    @pytest.mark.parametrize("path", ["rooms/999", "stays/x", "stays/0b8f6d0e-5d43-4c1c-8a37-0f4f5f1f0c11"])
    def test_what_is_not_there_is_not_found(self, rooms: FlaskClient, path: str) -> None:
        assert code_of(rooms.get(f"/api/room/{path}")) == (404, "NOT_FOUND")
