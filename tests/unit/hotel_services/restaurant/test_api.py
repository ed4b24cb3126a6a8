from typing import Any

import pytest
from flask.testing import FlaskClient

RESERVE = "/api/restaurant/reserve"
CANCEL = "/api/restaurant/cancel"
LIST = "/api/restaurant/reservations"
DINNER = {"date": "2027-03-31", "seating": "18:00", "guests": 2}


def reserve(restaurant: FlaskClient, ref: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    response = restaurant.post(RESERVE, json={"reservation_ref": ref, **DINNER, **changes})
    return response.status_code, response.get_json()


def cancel(restaurant: FlaskClient, ref: str) -> dict[str, Any]:
    response = restaurant.post(CANCEL, json={"reservation_ref": ref})
    assert response.status_code == 200
    answer: dict[str, Any] = response.get_json()
    return answer


def test_a_party_gets_the_smallest_table(restaurant: FlaskClient) -> None:
    status, reservation = reserve(restaurant, "R-1")

    assert status == 201
    assert reservation["table_id"] == "small-1"
    assert reservation["state"] == "reserved"
    assert {name: reservation[name] for name in DINNER} == DINNER


def test_the_same_request_again_finds_the_reservation(restaurant: FlaskClient) -> None:
    _, first = reserve(restaurant, "R-1")

    assert reserve(restaurant, "R-1") == (200, first)


@pytest.mark.parametrize("changes", [{"guests": 3}, {"seating": "20:30"}, {"date": "2027-04-01"}])
def test_another_request_under_the_same_reference_is_refused(
    restaurant: FlaskClient, changes: dict[str, Any]
) -> None:
    reserve(restaurant, "R-1")

    status, problem = reserve(restaurant, "R-1", **changes)

    assert (status, problem["code"]) == (409, "REFERENCE_TAKEN")


def test_tables_are_sold_from_small_to_large_until_none_is_left(restaurant: FlaskClient) -> None:
    sold = [reserve(restaurant, f"R-{number}")[1]["table_id"] for number in range(3)]

    assert sold == ["small-1", "small-2", "big"]
    status, problem = reserve(restaurant, "R-3")
    assert (status, problem["code"]) == (409, "TABLE_NOT_AVAILABLE")
    assert problem["detail"] == "Every table that seats 2 is taken on 2027-03-31 at 18:00"


def test_each_seating_and_day_has_its_own_tables(restaurant: FlaskClient) -> None:
    places = [{}, {"seating": "20:30"}, {"date": "2027-04-01"}]

    sold = [reserve(restaurant, f"R-{n}", guests=6, **place) for n, place in enumerate(places)]

    assert [(status, reservation["table_id"]) for status, reservation in sold] == [(201, "big")] * 3


@pytest.mark.parametrize("changes", [{"guests": 7}, {"seating": "19:00"}])
def test_what_the_restaurant_does_not_have_is_not_available(
    restaurant: FlaskClient, changes: dict[str, Any]
) -> None:
    status, problem = reserve(restaurant, "R-1", **changes)

    assert (status, problem["code"]) == (409, "TABLE_NOT_AVAILABLE")


def test_a_cancelled_table_is_free_for_the_next(restaurant: FlaskClient) -> None:
    reserve(restaurant, "R-1", guests=6)

    assert cancel(restaurant, "R-1") == {"reservation_ref": "R-1", "state": "cancelled", "cancelled": True}
    assert reserve(restaurant, "R-2", guests=6)[0] == 201


def test_cancelling_again_changes_nothing(restaurant: FlaskClient) -> None:
    reserve(restaurant, "R-1")
    cancel(restaurant, "R-1")

    assert cancel(restaurant, "R-1")["cancelled"] is False


@pytest.mark.parametrize("was_made", [True, False])
def test_a_reservation_that_was_cancelled_gets_no_table_any_more(
    restaurant: FlaskClient, *, was_made: bool
) -> None:
    if was_made:
        reserve(restaurant, "R-1")
    assert cancel(restaurant, "R-1")["cancelled"] is was_made

    status, problem = reserve(restaurant, "R-1")

    assert (status, problem["code"]) == (409, "RESERVATION_CANCELLED")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"date": "2027-02-29"}, "date"),
        ({"seating": "24:00"}, "seating"),
        ({"seating": "7:00"}, "seating"),
        ({"guests": 0}, "guests"),
        ({"guests": 21}, "guests"),
        ({"reservation_ref": "a b"}, "reservation_ref"),
        ({"reservation_ref": "x" * 65}, "reservation_ref"),
        ({"table_id": "big"}, "table_id"),
    ],
)
def test_a_wrong_field_is_named(restaurant: FlaskClient, changes: dict[str, Any], field: str) -> None:
    status, problem = reserve(restaurant, "R-1", **changes)

    assert (status, problem["code"]) == (422, "VALIDATION_FAILED")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_availability_offers_free_tables_from_small_to_large(restaurant: FlaskClient) -> None:
    reserve(restaurant, "R-1")

    answer = restaurant.get("/api/restaurant/availability", query_string=DINNER).get_json()

    assert answer["available"] is True
    assert answer["tables"] == [{"table_id": "small-2", "seats": 2}, {"table_id": "big", "seats": 6}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"guests": 7}, "The largest table seats 6"),
        ({"seating": "19:00"}, "no seating at 19:00"),
        ({"guests": 3}, "is taken"),
    ],
)
def test_availability_tells_why_there_is_none(
    restaurant: FlaskClient, changes: dict[str, Any], reason: str
) -> None:
    reserve(restaurant, "R-1", guests=6)

    answer = restaurant.get("/api/restaurant/availability", query_string=DINNER | changes).get_json()

    assert (answer["available"], answer["tables"]) == (False, [])
    assert reason in answer["reason"]


@pytest.mark.parametrize(
    ("wanted", "refs"),
    [
        ({}, ["R-3", "R-2", "R-1"]),
        ({"reservation_ref": "R-2"}, ["R-2"]),
        ({"table_id": "small-1"}, ["R-2", "R-1"]),
        ({"date": "2027-04-01"}, ["R-2"]),
        ({"seating": "20:30"}, ["R-3"]),
        ({"state": "cancelled"}, ["R-1"]),
        ({"state": "reserved", "table_id": "small-1"}, ["R-2"]),
    ],
)
def test_reservations_are_listed_by_what_is_asked_for(
    restaurant: FlaskClient, wanted: dict[str, str], refs: list[str]
) -> None:
    reserve(restaurant, "R-1")
    reserve(restaurant, "R-2", date="2027-04-01")
    reserve(restaurant, "R-3", seating="20:30", guests=4)
    cancel(restaurant, "R-1")

    page = restaurant.get(LIST, query_string=wanted).get_json()

    assert sorted(item["reservation_ref"] for item in page["items"]) == sorted(refs)
    assert page["total"] == len(refs)


def test_a_list_comes_in_pages(restaurant: FlaskClient) -> None:
    for number in range(3):
        reserve(restaurant, f"R-{number}")

    pages = [restaurant.get(LIST, query_string={"limit": 2, "offset": n}).get_json() for n in (0, 2)]

    assert [len(page["items"]) for page in pages] == [2, 1]
    assert {page["total"] for page in pages} == {3}
    assert len({item["reservation_ref"] for page in pages for item in page["items"]}) == 3


def test_one_reservation_is_shown_by_its_id(restaurant: FlaskClient) -> None:
    _, reservation = reserve(restaurant, "R-1")

    shown = restaurant.get(f"{LIST}/{reservation['table_reservation_id']}")

    assert (shown.status_code, shown.get_json()) == (200, reservation)


@pytest.mark.parametrize("unknown", ["00000000-0000-0000-0000-000000000000", "no-id"])
def test_an_unknown_id_is_not_found(restaurant: FlaskClient, unknown: str) -> None:
    response = restaurant.get(f"{LIST}/{unknown}")

    assert (response.status_code, response.get_json()["code"]) == (404, "NOT_FOUND")
