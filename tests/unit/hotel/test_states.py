from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotel.reservations.states import Instance, ReservationState, Reserved

BEGAN = datetime(2027, 1, 1, tzinfo=UTC)


def instance(
    name: str, status: str | None = "confirmed", *, cancellation: bool = False, age: int = 0, **variables: Any
) -> Instance:
    started = BEGAN - timedelta(seconds=age)
    ended = None if status == "in_progress" else started + timedelta(seconds=1)
    return Instance(
        id=name,
        reference="R-1",
        is_cancellation=cancellation,
        started_at=started,
        ended_at=ended,
        variables={**({} if status is None else {"status": status}), **variables},
    )


@pytest.mark.parametrize(
    "status", ["confirmed", "not_available", "rejected", "duplicate", "cancelled", "expired", "failed"]
)
def test_an_ended_instance_is_in_the_state_that_it_tells(status: str) -> None:
    assert instance("a", status).state == status


@pytest.mark.parametrize("status", ["in_progress", None, "odd"])
def test_an_instance_that_ended_outside_of_the_model_was_terminated(status: str | None) -> None:
    ended = Instance("a", "R-1", False, BEGAN, BEGAN, variables={"status": status})

    assert ended.state is ReservationState.TERMINATED


def test_a_running_instance_is_in_progress_whatever_it_tells() -> None:
    running = Instance("a", "R-1", False, BEGAN, variables={"status": "confirmed"})

    assert running.state is ReservationState.IN_PROGRESS


def test_a_cancellation_that_ended_cancels_what_was_confirmed() -> None:
    reserved = Reserved.of([instance("a"), instance("b", "cancelled", cancellation=True)])

    assert reserved.state is ReservationState.CANCELLED
    assert reserved.canonical.id == "a"


def test_while_a_cancellation_runs_the_reservation_is_in_progress() -> None:
    reserved = Reserved.of([instance("a"), instance("b", "in_progress", cancellation=True)])

    assert reserved.state is ReservationState.IN_PROGRESS


def test_a_cancellation_that_came_to_nothing_leaves_the_reservation_as_it_was() -> None:
    reserved = Reserved.of([instance("a"), instance("b", "failed", cancellation=True)])

    assert reserved.state is ReservationState.CONFIRMED


def test_the_reference_belongs_to_the_instance_whose_claim_succeeded() -> None:
    older = instance("older", "failed", age=10)
    claimed = instance("claimed", "in_progress", valid=True)

    assert Reserved.of([older, claimed]).canonical is claimed


def test_until_a_claim_is_known_the_reference_belongs_to_the_oldest_instance() -> None:
    older, younger = instance("older", "in_progress", age=10), instance("younger", "in_progress")

    assert Reserved.of([younger, older]).canonical is older


def test_an_instance_that_found_the_reference_taken_does_not_stand_for_it() -> None:
    duplicate, other = instance("older", "duplicate", age=10), instance("younger", "rejected")

    reserved = Reserved.of([duplicate, other])

    assert reserved.canonical is other
    assert reserved.duplicates == [duplicate]


def test_variables_of_the_cancellation_come_over_those_of_the_reservation() -> None:
    first = instance("a", room_id="101")
    second = instance("b", "cancelled", cancellation=True, room_released=True)

    variables = Reserved.of([second, first]).variables

    assert variables == {"status": "cancelled", "room_id": "101", "room_released": True}
