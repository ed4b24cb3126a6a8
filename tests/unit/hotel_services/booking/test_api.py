from typing import Any

import pytest
from flask.testing import FlaskClient

LIST = "/api/booking/bookings"
STAY = {
    "client_id": "c-1",
    "room_id": "101",
    "check_in": "2027-03-30",
    "check_out": "2027-04-02",
    "guests": 2,
    "table_id": "T01",
}


def post(booking: FlaskClient, verb: str, **body: Any) -> tuple[int, dict[str, Any]]:
    response = booking.post(f"/api/booking/{verb}", json=body)
    return response.status_code, response.get_json()


def create(booking: FlaskClient, ref: str = "R-1", **changes: Any) -> tuple[int, dict[str, Any]]:
    return post(booking, "create", **{"reservation_ref": ref, **STAY, **changes})


def refused(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, problem = answer
    return status, problem["code"]


def test_the_first_claimant_has_the_reference_for_good(booking: FlaskClient) -> None:
    mine = {"reservation_ref": "R-1", "claimant": "instance-1"}

    assert post(booking, "claim", **mine) == (201, mine)
    assert post(booking, "claim", **mine) == (200, mine)
    assert refused(post(booking, "claim", **{**mine, "claimant": "instance-2"})) == (409, "REFERENCE_TAKEN")
    assert post(booking, "claim", **mine) == (200, mine)


def test_a_booking_says_what_was_booked(booking: FlaskClient) -> None:
    status, made = create(booking)

    assert status == 201
    assert (made["reservation_ref"], made["status"]) == ("R-1", "pending")
    assert {name: made[name] for name in STAY} == STAY


def test_a_booking_needs_no_table(booking: FlaskClient) -> None:
    assert create(booking, table_id=None)[1]["table_id"] is None


def test_a_booking_can_be_made_confirmed(booking: FlaskClient) -> None:
    assert create(booking, confirm=True)[1]["status"] == "confirmed"


def test_the_same_request_again_finds_the_booking(booking: FlaskClient) -> None:
    _, made = create(booking)

    assert create(booking) == (200, made)


def test_a_booking_that_is_asked_for_again_is_confirmed_and_never_less(booking: FlaskClient) -> None:
    create(booking)

    again = [create(booking, confirm=confirm) for confirm in (True, False)]

    assert [(status, made["status"]) for status, made in again] == [(200, "confirmed")] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "c-2"},
        {"room_id": "102"},
        {"check_in": "2027-03-29"},
        {"check_out": "2027-04-03"},
        {"guests": 1},
        {"table_id": None},
    ],
)
def test_another_booking_under_the_same_reference_is_refused(
    booking: FlaskClient, changes: dict[str, Any]
) -> None:
    create(booking)

    assert refused(create(booking, **changes)) == (409, "REFERENCE_TAKEN")


def test_a_booking_is_confirmed_once_and_for_all(booking: FlaskClient) -> None:
    _, made = create(booking)
    confirmed = {**made, "status": "confirmed"}

    assert post(booking, "confirm", reservation_ref="R-1") == (200, confirmed)
    assert post(booking, "confirm", reservation_ref="R-1") == (200, confirmed)


def test_what_is_not_booked_cannot_be_confirmed(booking: FlaskClient) -> None:
    assert refused(post(booking, "confirm", reservation_ref="R-1")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("confirm", [True, False])
def test_a_booking_is_cancelled_once(booking: FlaskClient, *, confirm: bool) -> None:
    _, made = create(booking, confirm=confirm)
    gone = {"reservation_ref": "R-1", "status": "cancelled"}

    assert post(booking, "cancel", reservation_ref="R-1") == (200, {**gone, "cancelled": True})
    assert post(booking, "cancel", reservation_ref="R-1") == (200, {**gone, "cancelled": False})
    assert booking.get(f"{LIST}/{made['booking_id']}").get_json() == {**made, "status": "cancelled"}


@pytest.mark.parametrize("was_made", [True, False])
def test_a_reservation_that_was_cancelled_is_not_booked_any_more(
    booking: FlaskClient, *, was_made: bool
) -> None:
    if was_made:
        create(booking)
    assert post(booking, "cancel", reservation_ref="R-1")[1]["cancelled"] is was_made

    assert refused(create(booking)) == (409, "RESERVATION_CANCELLED")
    assert refused(post(booking, "confirm", reservation_ref="R-1")) == (409, "RESERVATION_CANCELLED")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"check_out": "2027-03-30"}, "check_out"),
        ({"check_out": "2027-03-29"}, "check_out"),
        ({"check_out": "2028-03-30"}, "check_out"),
        ({"check_in": "2027-02-30"}, "check_in"),
        ({"check_in": 20270330}, "check_in"),
        ({"guests": 0}, "guests"),
        ({"guests": "2"}, "guests"),
        ({"client_id": ""}, "client_id"),
        ({"room_id": None}, "room_id"),
        ({"table_id": "T 1"}, "table_id"),
        ({"confirm": "true"}, "confirm"),
        ({"reservation_ref": "../x"}, "reservation_ref"),
        ({"price": 1}, "price"),
    ],
)
def test_a_wrong_field_is_named(booking: FlaskClient, changes: dict[str, Any], field: str) -> None:
    status, problem = create(booking, **changes)

    assert (status, problem["code"]) == (422, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("claimant", ["", "a b", "x" * 201, "é", 1, None])
def test_a_claimant_is_a_plain_token(booking: FlaskClient, claimant: object) -> None:
    answer = post(booking, "claim", reservation_ref="R-1", claimant=claimant)

    assert refused(answer) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("wanted", "refs"),
    [
        ({}, {"March", "April", "May"}),
        ({"client_id": "c-2"}, {"April"}),
        ({"room_id": "102"}, {"May"}),
        ({"reservation_ref": "May"}, {"May"}),
        ({"status": "cancelled"}, {"April"}),
        ({"status": "pending", "room_id": "101"}, {"March"}),
        # The stay's last night is the one before check-out.
        ({"from": "2027-04-01"}, {"March", "April", "May"}),
        ({"from": "2027-04-02"}, {"April", "May"}),
        ({"to": "2027-04-10"}, {"March"}),
        ({"to": "2027-04-11"}, {"March", "April"}),
        ({"from": "2027-04-13", "to": "2027-05-01"}, {"April"}),
        ({"from": "2027-04-14", "to": "2027-05-01"}, set()),
    ],
)
def test_bookings_are_listed_by_what_is_asked_for(
    booking: FlaskClient, wanted: dict[str, str], refs: set[str]
) -> None:
    create(booking, "March")
    create(booking, "April", client_id="c-2", check_in="2027-04-10", check_out="2027-04-14")
    create(booking, "May", room_id="102", check_in="2027-05-01", check_out="2027-05-02")
    post(booking, "cancel", reservation_ref="April")

    page = booking.get(LIST, query_string=wanted).get_json()

    assert {item["reservation_ref"] for item in page["items"]} == refs
    assert page["total"] == len(refs)


@pytest.mark.parametrize(
    "query",
    [
        "status=new",
        "from=yesterday",
        "to=2027-03-01&from=2027-04-01",
        "from_=2027-01-01",
        "limit=0",
        "limit=201",
        "offset=-1",
        "client_id=a%20b",
    ],
)
def test_a_query_that_is_not_valid_is_refused(booking: FlaskClient, query: str) -> None:
    response = booking.get(f"{LIST}?{query}")

    assert (response.status_code, response.get_json()["code"]) == (422, "VALIDATION_FAILED")
    assert [error["field"] for error in response.get_json()["errors"]] == [query.partition("=")[0]]


def test_a_list_comes_in_pages(booking: FlaskClient) -> None:
    for number in range(5):
        create(booking, f"R-{number}")

    pages = [booking.get(LIST, query_string={"limit": 2, "offset": n}).get_json() for n in (0, 2, 4)]

    assert [(page["total"], page["limit"], page["offset"]) for page in pages] == [
        (5, 2, n) for n in (0, 2, 4)
    ]
    assert sorted(item["reservation_ref"] for page in pages for item in page["items"]) == [
        f"R-{number}" for number in range(5)
    ]


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000000", "no-id"])
def test_an_unknown_id_is_not_found(booking: FlaskClient, unknown: str) -> None:
    response = booking.get(f"{LIST}/{unknown}")

    assert (response.status_code, response.get_json()["code"]) == (404, "NOT_FOUND")
