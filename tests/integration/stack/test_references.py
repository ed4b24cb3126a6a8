"""A reference names one reservation, however often it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hotel.errors import ReferenceConflict, ReservationNotFound
from hotel.reservations.engine import PROCESS
from hotel.reservations.reports import ReservationResult
from hotel.reservations.reservation import new_reference
from hotel.reservations.states import ReservationState
from support.reservations import Services, new_fields, reservation_instances
from support.stacks import Stack


def test_the_same_reservation_again_is_the_one_that_exists(stack: Stack, services: Services) -> None:
    wanted = new_fields(reservation_ref=new_reference())
    first = stack.client.create_reservation(wanted)

    again = stack.client.create_reservation(wanted)

    assert again == first
    assert len(reservation_instances(stack, first.reference)) == 1
    assert services.bookings(first.reference) == ["confirmed"]


def test_the_reference_of_another_reservation_is_refused_with_the_differences(stack: Stack) -> None:
    wanted = new_fields(reservation_ref=new_reference())
    stack.client.create_reservation(wanted)

    with pytest.raises(ReferenceConflict) as refused:
        stack.client.create_reservation({**wanted, "guests": 1, "last_name": "Other"})

    assert refused.value.fields == ["last_name", "guests"]
    assert len(reservation_instances(stack, wanted["reservation_ref"])) == 1


def test_a_cancelled_reservation_is_not_made_again(stack: Stack) -> None:
    wanted = new_fields(reservation_ref=new_reference())
    stack.client.create_reservation(wanted)
    stack.client.cancel(wanted["reservation_ref"])

    assert stack.client.create_reservation(wanted).state is ReservationState.CANCELLED


def test_twins_that_start_at_once_become_one_reservation(stack: Stack, services: Services) -> None:
    """The client looks for the reference before it starts; here all look before any has started."""
    wanted = new_fields(reservation_ref=new_reference())
    reference = wanted["reservation_ref"]
    engine = stack.engine.client("client")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: engine.start(PROCESS, wanted, business_key=reference), range(4)))

    result = stack.client.wait(reference)

    assert result.state is ReservationState.CONFIRMED
    assert services.bookings(reference) == ["confirmed"]
    assert services.stays(reference) == ["confirmed"]


def test_concurrent_calls_with_one_reference_all_get_the_same_reservation(
    stack: Stack, services: Services
) -> None:
    wanted = new_fields(reservation_ref=new_reference())

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(stack.client.create_reservation, [wanted] * 6))

    assert {result.state for result in results} == {ReservationState.CONFIRMED}
    assert len({result.process_instance_id for result in results}) == 1
    assert services.bookings(wanted["reservation_ref"]) == ["confirmed"]


def test_of_concurrent_different_reservations_with_one_reference_one_is_made(
    stack: Stack, services: Services
) -> None:
    reference = new_reference()
    variants = [new_fields(reservation_ref=reference) for _ in range(4)]

    def create(wanted: dict[str, Any]) -> ReservationResult | ReferenceConflict:
        try:
            return stack.client.create_reservation(wanted)
        except ReferenceConflict as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(create, variants))

    made = [result for result in results if isinstance(result, ReservationResult)]
    assert len(made) == 1
    assert made[0].state is ReservationState.CONFIRMED
    assert services.bookings(reference) == ["confirmed"]


def test_a_reference_that_nobody_has_is_not_found(stack: Stack) -> None:
    for call in (stack.client.get, stack.client.status, stack.client.cancel, stack.client.wait):
        with pytest.raises(ReservationNotFound, match="nobody"):
            call("nobody")


@pytest.mark.parametrize("taken", [(), ("601", "603", "604")], ids=["others are free", "none is free"])
def test_a_reservation_that_is_made_again_goes_on_with_the_room_that_it_keeps(
    stack: Stack, services: Services, taken: tuple[str, ...]
) -> None:
    """As after a restore: the services are ahead of the engine, which has lost the start of a reservation."""
    wanted = new_fields(reservation_ref=new_reference(), room_type="F")
    reference = wanted["reservation_ref"]
    services.hold(reference, "602", wanted)
    for room in taken:
        services.hold(new_reference(), room, wanted)

    result = stack.client.create_reservation(wanted)

    assert result.state is ReservationState.CONFIRMED
    assert services.stays(reference) == ["confirmed"]
    assert services.room(reference) == "602"
