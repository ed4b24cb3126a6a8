import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hotel.errors import StateConflict
from hotel.reservations.reservation import new_reference
from hotel.reservations.states import ReservationState
from support.reservations import Services, new_fields
from support.stacks import Stack
from support.waiting import eventually


def test_cancelling_a_confirmed_reservation_undoes_all_of_it(stack: Stack, services: Services) -> None:
    made = stack.client.create_reservation(new_fields())

    cancelled = stack.client.cancel(made.reference)

    assert cancelled.state is ReservationState.CANCELLED
    assert cancelled.process_instance_id == made.process_instance_id
    assert services.bookings(made.reference) == ["cancelled"]
    assert services.tables(made.reference) == ["cancelled"]
    assert services.stays(made.reference) == ["released"]


def test_cancelling_one_that_is_under_way_undoes_what_was_made(stack: Stack, services: Services) -> None:
    stack.start_worker_alone(
        {"WORKER_TOPICS": "validate-input,search-client,create-client,check-room-availability,block-room"}
    )
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    eventually(lambda: services.stays(reference) == ["held"])

    stack.client.cancel(reference, wait=False)
    stack.start_worker_alone()
    cancelled = stack.client.wait(reference)

    assert cancelled.state is ReservationState.CANCELLED
    assert services.stays(reference) == ["released"]
    assert services.bookings(reference) == []


def test_a_cancellation_may_come_at_any_moment(stack: Stack, services: Services) -> None:
    """Each meets its reservation elsewhere on its way: not begun, in a task, between two, confirmed."""
    references = [new_reference() for _ in range(16)]

    def make_and_cancel(number: int) -> ReservationState:
        reference = references[number]
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
        time.sleep(0.1 * number)
        return stack.client.cancel(reference).state

    with ThreadPoolExecutor(4) as pool:
        states = set(pool.map(make_and_cancel, range(len(references))))

    assert states == {ReservationState.CANCELLED}
    for reference in references:
        assert set(services.stays(reference)) <= {"released"}
        assert set(services.tables(reference)) <= {"cancelled"}
        assert set(services.bookings(reference)) <= {"cancelled"}


def test_a_room_that_was_given_up_is_free_for_others(stack: Stack) -> None:
    wanted = new_fields(table_wanted=False)
    made = stack.client.create_reservation(wanted)
    stack.client.cancel(made.reference)

    again = stack.client.create_reservation(wanted)

    assert again.reference != made.reference
    assert again.variables["room_id"] == made.variables["room_id"]


def test_cancelling_twice_changes_nothing(stack: Stack) -> None:
    made = stack.client.create_reservation(new_fields())
    stack.client.cancel(made.reference)

    assert stack.client.cancel(made.reference).state is ReservationState.CANCELLED


def test_what_was_rejected_cannot_be_cancelled(stack: Stack) -> None:
    rejected = stack.client.create_reservation(new_fields(guests=0))

    with pytest.raises(StateConflict, match="rejected"):
        stack.client.cancel(rejected.reference)


def test_what_is_suspended_is_resumed_before_it_is_cancelled(stack: Stack) -> None:
    stack.start_worker_alone({"WORKER_TOPICS": "release-room"})
    reference = new_reference()
    stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)
    stack.client.suspend(reference)

    with pytest.raises(StateConflict, match="suspended"):
        stack.client.cancel(reference)

    stack.client.resume(reference)
    stack.start_worker_alone()
    assert stack.client.cancel(reference).state is ReservationState.CANCELLED


def test_what_has_ended_cannot_be_suspended(stack: Stack) -> None:
    made = stack.client.create_reservation(new_fields())

    with pytest.raises(StateConflict, match="confirmed"):
        stack.client.suspend(made.reference)


def test_reservations_are_listed_by_the_state_they_are_in(stack: Stack) -> None:
    confirmed = stack.client.create_reservation(new_fields()).reference
    cancelled = stack.client.create_reservation(new_fields()).reference
    stack.client.cancel(cancelled)
    rejected = stack.client.create_reservation(new_fields(guests=50)).reference

    def listed(state: ReservationState | None, **page: int) -> list[str]:
        return [result.reference for result in stack.client.list_reservations(state, **page)]

    assert listed(None, limit=3) == [rejected, cancelled, confirmed]
    assert listed(None, limit=1, offset=1) == [cancelled]
    assert listed(ReservationState.CONFIRMED, limit=1) == [confirmed]
    assert listed(ReservationState.CANCELLED, limit=1) == [cancelled]
    assert listed(ReservationState.REJECTED, limit=1) == [rejected]
    assert confirmed not in listed(ReservationState.CANCELLED, limit=1000)
    assert cancelled not in listed(ReservationState.CONFIRMED, limit=1000)
