"""Input that breaks the hotel's rules is rejected by the process, visibly, and leaves nothing half-made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotel.errors import InvalidReservation
from hotel.reservations.states import ReservationState
from support.reservations import Services, new_fields
from support.stacks import Stack


def ahead(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"first_name": ""}, "first_name"),
        ({"first_name": "   "}, "first_name"),
        ({"last_name": "tab\there"}, "last_name"),
        ({"last_name": "x" * 101}, "last_name"),
        ({"email": "nobody"}, "email"),
        ({"email": "two@at@example.com"}, "email"),
        ({"email": ""}, "email"),
        ({"check_in": "2027-02-30"}, "check_in"),
        ({"check_in": "1st of June"}, "check_in"),
        ({"check_in": ahead(30), "check_out": ahead(27)}, "check_out"),
        ({"check_in": ahead(30), "check_out": ahead(30)}, "check_out"),
        ({"check_in": ahead(-3), "check_out": ahead(3)}, "check_in"),
        ({"check_in": ahead(5 * 365), "check_out": ahead(5 * 365 + 3)}, "check_in"),
        ({"guests": 0}, "guests"),
        ({"guests": -1}, "guests"),
        ({"guests": 50}, "guests"),
        ({"room_type": "palace"}, "room_type"),
        ({"table_seating": "25:00"}, "table_seating"),
        ({"hold_limit": "soon"}, "hold_limit"),
        ({"phone": "call me"}, "phone"),
    ],
)
def test_what_breaks_a_rule_is_rejected_by_name(
    stack: Stack, services: Services, changes: dict[str, Any], named: str
) -> None:
    result = stack.client.create_reservation(new_fields(**changes))

    assert result.state is ReservationState.REJECTED
    assert result.reason.startswith(f"{named}: ")
    assert {problem["field"] for problem in result.variables["validation_errors"]} == {named}
    assert result.variables["error_code"] == "INVALID_INPUT"
    assert services.stays(result.reference) == []
    assert services.bookings(result.reference) == []


@pytest.mark.any_engine
@pytest.mark.parametrize(
    "changes",
    [
        {"last_name": "x" * 10_240},
        {"guests": "2"},
        {"room_typ": "B"},
        {"check_in": None},
    ],
)
def test_what_has_the_wrong_shape_is_not_even_started(stack: Stack, changes: dict[str, Any]) -> None:
    newest = stack.client.list_reservations(limit=1)

    with pytest.raises(InvalidReservation, match=next(iter(changes))):
        stack.client.create_reservation(new_fields(**changes))

    assert stack.client.list_reservations(limit=1) == newest


@pytest.mark.parametrize(
    ("first_name", "last_name"),
    [
        ("🏨🛎️", "Emoji"),
        ("محمد", "الحسيني"),
        ("דוד", "לוי"),
        ("Robert'); DROP TABLE clients;--", "Tables"),
        ("<script>alert(1)</script>", "${1+1} #{1+1}"),
        ("Zoë", "Þórsdóttir"),
    ],
)
def test_names_of_any_script_are_kept_as_text(
    stack: Stack, services: Services, first_name: str, last_name: str
) -> None:
    result = stack.client.create_reservation(new_fields(first_name=first_name, last_name=last_name))

    assert result.state is ReservationState.CONFIRMED
    kept = services.get("client", f"/api/client/clients/{result.variables['client_id']}")
    assert (kept["first_name"], kept["last_name"]) == (first_name, last_name)
    assert (result.variables["first_name"], result.variables["last_name"]) == (first_name, last_name)
