from datetime import date
from typing import Any

import pytest
from hotel.errors import InvalidReservation
from hotel.reservations.reservation import Reservation, new_reference

FIELDS: dict[str, Any] = {
    "first_name": "Jean",
    "last_name": "Martin",
    "email": "jean@example.com",
    "check_in": "2027-06-01",
    "check_out": "2027-06-04",
    "room_type": "B",
    "guests": 2,
}


def problems_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidReservation) as refused:
        Reservation.parse({**FIELDS, **changes})
    return refused.value.problems


def test_variables_are_the_fields_that_are_set() -> None:
    reservation = Reservation.parse({**FIELDS, "reservation_ref": "R-1", "table_wanted": True})

    assert reservation.variables() == {
        **FIELDS,
        "reservation_ref": "R-1",
        "table_wanted": True,
        "hold_limit": "PT15M",
    }


def test_dates_may_be_given_as_dates() -> None:
    reservation = Reservation.parse({**FIELDS, "check_in": date(2027, 6, 1)})

    assert reservation.check_in == "2027-06-01"


def test_an_unknown_field_is_named() -> None:
    assert problems_of(room_typ="B") == {"room_typ": "is unknown"}


def test_missing_fields_are_all_named() -> None:
    with pytest.raises(InvalidReservation, match="last_name: is missing; email: is missing"):
        Reservation.parse({key: value for key, value in FIELDS.items() if key not in {"last_name", "email"}})


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("first_name", 7, "must be a text"),
        ("first_name", None, "must be a text"),
        ("first_name", ["Jean"], "must be a text"),
        ("guests", "2", "must be a whole number"),
        ("guests", 2.5, "must be a whole number"),
        ("guests", True, "must be a whole number"),
        ("guests", 2**70, "is too large a number"),
        ("table_wanted", "yes", "must be true or false"),
        ("table_wanted", 1, "must be true or false"),
        ("check_in", 20270601, "must be a text"),
        ("hold_limit", 15, "must be a text"),
        ("last_name", "x" * 10_240, "10240 characters are too long, 4000 is the most"),
        ("last_name", "a\x00b", "holds a character that no database keeps"),
        ("last_name", "\ud800", "holds a character that no database keeps"),
        ("reservation_ref", "", "takes 1 to 64 letters, digits, dots, hyphens and underscores"),
        ("reservation_ref", "a/b", "takes 1 to 64 letters, digits, dots, hyphens and underscores"),
        ("reservation_ref", "a" * 65, "takes 1 to 64 letters, digits, dots, hyphens and underscores"),
        ("reservation_ref", "ref\n", "takes 1 to 64 letters, digits, dots, hyphens and underscores"),
    ],
)
def test_wrong_types_and_sizes_are_refused_by_name(field: str, value: Any, problem: str) -> None:
    assert problems_of(**{field: value}) == {field: problem}


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "no address"},
        {"check_in": "2027-02-30"},
        {"check_in": "2027-06-04", "check_out": "2027-06-01"},
        {"guests": 0},
        {"guests": 50},
        {"room_type": "palace"},
        {"first_name": "🏨"},
        {"last_name": "الحسيني"},
        {"last_name": "Robert'); DROP TABLE clients;--"},
        {"first_name": "<script>alert(1)</script>"},
        {"hold_limit": "soon"},
    ],
)
def test_business_rules_are_left_to_the_process(changes: dict[str, Any]) -> None:
    reservation = Reservation.parse({**FIELDS, **changes})

    assert changes.items() <= reservation.variables().items()


def test_new_references_differ_and_are_valid() -> None:
    references = {new_reference() for _ in range(1000)}

    assert len(references) == 1000
    for reference in references:
        assert Reservation.parse({**FIELDS, "reservation_ref": reference}).reservation_ref == reference


def test_a_reservation_differs_from_a_started_one_in_the_fields_that_do() -> None:
    stored = Reservation.parse({**FIELDS, "reservation_ref": "R-1"}).variables()
    other = Reservation.parse({**FIELDS, "reservation_ref": "R-1", "guests": 3, "phone": "123"})

    assert other.differing_fields({**stored, "booking_id": "b", "status": "confirmed"}) == ["phone", "guests"]


def test_the_same_reservation_does_not_differ_whatever_the_process_added() -> None:
    reservation = Reservation.parse({**FIELDS, "reservation_ref": "R-1"})

    assert reservation.differing_fields({**reservation.variables(), "valid": True, "room_id": "101"}) == []
