"""The process with the worker and the services that it is made for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from support.driven_process import SHIPPED, Cancellations, Reservation, Start, wait_for
from support.stacks import Stack

TODAY = datetime.now(UTC).date()


def ask(stack: Stack, service: str, path: str, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {stack.token}"}
    response = requests.get(f"{stack.urls[service]}/api/{path}", query, headers=headers, timeout=10)
    response.raise_for_status()
    return response.json()


def nights(days_ahead: int, count: int) -> dict[str, str]:
    """Return nights that no other test takes: those lie up to 1000 days ahead."""
    arrival = TODAY + timedelta(days=days_ahead)
    return {"check_in": str(arrival), "check_out": str(arrival + timedelta(days=count))}


def traces(stack: Stack, ref: str) -> dict[str, list[str]]:
    """Return the states of all that the services keep for a reference."""
    kept = {
        "booking": ask(stack, "booking", "booking/bookings", reservation_ref=ref)["items"],
        "stay": ask(stack, "room", "room/stays", reservation_ref=ref)["items"],
        "table": ask(stack, "restaurant", "restaurant/reservations", reservation_ref=ref)["items"],
    }
    return {name: [item.get("state") or item["status"] for item in items] for name, items in kept.items()}


def test_reservation_is_confirmed_in_every_service(reserve: Start, stack: Stack) -> None:
    reservation = reserve()
    assert reservation.end(60) == "EndEvent_Confirmed"

    variables = reservation.variables()
    assert variables["valid"] is True
    assert variables["nights"] == 3
    assert variables["client_found"] is False
    assert variables["roomAvailable"] is True
    assert variables["room_id"] == variables["selected_room_id"]
    assert variables["room_blocked"] is True
    assert variables["room_confirmed"] is True
    assert variables["table_reserved"] is True
    assert variables["status"] == "confirmed"
    booking = ask(stack, "booking", f"booking/bookings/{variables['booking_id']}")
    assert (
        booking.items()
        >= {
            name: variables[name]
            for name in ("reservation_ref", "client_id", "room_id", "check_in", "table_id")
        }.items()
    )
    assert traces(stack, reservation.ref) == {
        "booking": ["confirmed"],
        "stay": ["confirmed"],
        "table": ["reserved"],
    }


@pytest.mark.any_engine
def test_smallest_room_then_the_first_by_id_is_chosen(reserve: Start, stack: Stack) -> None:
    stay = nights(1010, 2)
    free = ask(stack, "room", "room/availability", **stay, room_type="B", guests="1")["rooms"]
    expected = min(free, key=lambda room: (room["capacity"], room["room_id"]))["room_id"]

    reservation = reserve(**stay, room_type="B", guests=1, table_wanted=False)

    assert reservation.end(60) == "EndEvent_Confirmed"
    assert reservation.variables()["room_id"] == expected


@pytest.mark.any_engine
def test_client_is_found_again_however_the_address_is_written(reserve: Start) -> None:
    number = uuid4().hex[:8]
    first = reserve(email=f"Zoé.{number}@Example.com")
    assert first.end(60) == "EndEvent_Confirmed"
    second = reserve(email=f"zoé.{number}@example.COM")
    assert second.end(60) == "EndEvent_Confirmed"

    assert second.variables()["client_found"] is True
    assert second.variables()["client_id"] == first.variables()["client_id"]


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"guests": 0}, ["guests"]),
        ({"guests": 50, "email": "nobody"}, ["email", "guests"]),
        ({"check_in": "2027-02-30"}, ["check_in"]),
        ({"check_out": str(TODAY), "check_in": str(TODAY)}, ["check_out"]),
        ({"first_name": "x" * 3000}, ["first_name"]),
        ({"first_name": {"a": 1}, "guests": "two"}, ["first_name", "guests"]),
        ({"room_type": "Z"}, ["room_type"]),
    ],
)
def test_bad_input_is_rejected_by_field_and_leaves_nothing(
    reserve: Start, stack: Stack, changes: dict[str, object], fields: list[str]
) -> None:
    reservation = reserve(**changes)

    assert reservation.end(60) == "EndEvent_Rejected"
    assert sorted(error["field"] for error in reservation.variables()["validation_errors"]) == fields
    assert traces(stack, reservation.ref) == {"booking": [], "stay": [], "table": []}


@pytest.mark.any_engine
@pytest.mark.parametrize("name", ["🦊 محمد", "Robert'); DROP TABLE clients;--", "<script>alert(1)</script>"])
def test_unusual_names_are_kept_as_they_are(reserve: Start, stack: Stack, name: str) -> None:
    reservation = reserve(first_name=name, table_wanted=False)
    assert reservation.end(60) == "EndEvent_Confirmed"

    client = ask(stack, "client", f"client/clients/{reservation.variables()['client_id']}")
    assert client["first_name"] == name


def test_second_reservation_with_a_reference_is_a_duplicate_and_undoes_nothing(
    reserve: Start, stack: Stack
) -> None:
    first = reserve()
    assert first.end(60) == "EndEvent_Confirmed"
    second = reserve(first.ref, guests=3)

    assert second.end(60) == "EndEvent_Duplicate"
    assert traces(stack, first.ref)["booking"] == ["confirmed"]


def test_of_two_at_once_with_one_reference_one_is_made(reserve: Start) -> None:
    first = reserve()
    second = reserve(first.ref)
    assert sorted([first.end(60), second.end(60)]) == ["EndEvent_Confirmed", "EndEvent_Duplicate"]


def test_confirmed_reservation_is_cancelled_everywhere(
    reserve: Start, stack: Stack, cancellations: Cancellations
) -> None:
    reservation = reserve()
    assert reservation.end(60) == "EndEvent_Confirmed"
    reservation.cancel()
    (cancellation,) = cancellations(reservation.ref)

    assert cancellation.end(60) == "EndEvent_Cancelled"
    assert (
        cancellation.variables().items()
        >= {
            "booking_cancelled": True,
            "table_cancelled": True,
            "room_released": True,
            "status": "cancelled",
        }.items()
    )
    assert traces(stack, reservation.ref) == {
        "booking": ["cancelled"],
        "stay": ["released"],
        "table": ["cancelled"],
    }


def test_reservation_that_was_cancelled_before_it_began_ends_cancelled(
    reserve: Start, cancellations: Cancellations, stack: Stack
) -> None:
    early = Reservation(stack.engine, "", f"R-early-{uuid4().hex[:8]}", SHIPPED)
    early.cancel()
    (cancellation,) = cancellations(early.ref)
    assert cancellation.end(60) == "EndEvent_Cancelled"

    reservation = reserve(early.ref)
    assert reservation.end(60) == "EndEvent_Cancelled"
    assert reservation.variables()["error_code"] == "RESERVATION_CANCELLED"


@pytest.mark.any_engine
def test_service_that_stays_away_is_undone_and_nothing_is_left(reserve: Start, stack: Stack) -> None:
    stack.stop_service("restaurant")
    reservation = reserve()
    wait_for(reservation.incidents, 90)
    assert reservation.open_topics() == ["cancel-table"], "what cannot be undone waits to be healed"

    stack.start_service("restaurant")
    (task,) = stack.engine.client("client").external_tasks(processInstanceId=reservation.id)
    stack.engine.client("client").set_retries(task["id"], 3)
    assert reservation.end(60) == "EndEvent_Failed"
    variables = reservation.variables()
    assert (variables["status"], variables["error_code"]) == ("failed", "TASK_ERROR")
    assert "restaurant service" in variables["error_message"]
    assert variables["room_released"] is True
    assert traces(stack, reservation.ref) == {"booking": [], "stay": ["released"], "table": []}


@pytest.mark.any_engine
def test_no_room_on_these_nights_ends_not_available(reserve: Start) -> None:
    reservation = reserve(guests=20, room_type="A", **nights(1030, 1))
    assert reservation.end(60) == "EndEvent_NotAvailable"


@pytest.mark.any_engine
def test_of_many_who_want_the_last_rooms_as_many_get_one_as_there_are(reserve: Start, stack: Stack) -> None:
    """All select the same room first; those who lose it look for another one until there is none."""
    stay = nights(1020, 4)
    free = ask(stack, "room", "room/availability", **stay, room_type="F", guests="2")["rooms"]
    rivals = [reserve(**stay, room_type="F", table_wanted=False) for _ in range(len(free) + 4)]

    ends = sorted(rival.end(90) for rival in rivals)
    assert ends == ["EndEvent_Confirmed"] * len(free) + ["EndEvent_NotAvailable"] * 4
    rooms = [rival.variables().get("room_id") for rival in rivals]
    assert sorted(room for room in rooms if room) == sorted(room["room_id"] for room in free)
