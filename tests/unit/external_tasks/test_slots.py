import threading
import time

import pytest
from external_tasks.runtime.batch_sizing import BatchSizing
from external_tasks.runtime.slots import Slots


def test_all_free_slots_are_reserved_at_once() -> None:
    slots = Slots(4)

    assert slots.reserve() == 4
    assert slots.reserve() == 0


def test_two_fetches_never_ask_for_more_than_there_are_slots() -> None:
    slots = Slots(4)
    slots.settle(slots.reserve(), taken=4)
    slots.release()
    first = slots.reserve()
    slots.release()
    second = slots.reserve()

    assert (first, second, slots.reserve()) == (1, 1, 0)


def test_what_a_fetch_did_not_bring_is_free_again() -> None:
    slots = Slots(4)
    slots.settle(slots.reserve(), taken=1)

    assert slots.free == 3
    assert slots.reserve() == 3


def test_a_full_worker_waits_for_the_first_slot() -> None:
    slots = Slots(2)
    slots.settle(slots.reserve(), taken=2)
    timer = threading.Timer(0.05, slots.release)
    timer.start()

    assert slots.reserve(timeout=5) == 1
    timer.join()


def test_lingering_collects_slots_for_one_fetch() -> None:
    slots = Slots(4)
    slots.settle(slots.reserve(), taken=4)
    timers = [threading.Timer(0.02 * number, slots.release) for number in (1, 2, 3)]
    for timer in timers:
        timer.start()

    assert slots.reserve(at_least=3, linger=5, timeout=5) == 3
    for timer in timers:
        timer.join()


def test_lingering_ends_when_its_time_is_over() -> None:
    slots = Slots(4)
    slots.settle(slots.reserve(), taken=3)
    before = time.monotonic()

    assert slots.reserve(at_least=4, linger=0.05) == 1
    assert time.monotonic() - before >= 0.05


def test_no_free_slot_reserves_nothing_in_time() -> None:
    slots = Slots(1)
    slots.settle(slots.reserve(), taken=1)

    assert slots.reserve(timeout=0.01) == 0


def test_idle_is_when_no_slot_has_a_task() -> None:
    slots = Slots(2)
    slots.settle(slots.reserve(), taken=1)

    assert not slots.wait_idle(0.01)
    threading.Timer(0.02, slots.release).start()
    assert slots.wait_idle(5)


def test_a_pending_fetch_does_not_count_as_a_task() -> None:
    slots = Slots(2)
    slots.reserve()

    assert slots.wait_idle(0)


def learned(handler_seconds: float, report_seconds: float) -> BatchSizing:
    sizing = BatchSizing()
    for _ in range(200):
        sizing.learn(handler_seconds, report_seconds)
    return sizing


@pytest.mark.parametrize(
    ("handler_seconds", "report_seconds", "batch"),
    [(0, 0.005, 24), (0.005, 0.005, 12), (0.1, 0.005, 1), (10, 0.005, 1)],
)
def test_batches_are_as_large_as_the_engines_part_of_the_time(
    handler_seconds: float, report_seconds: float, batch: int
) -> None:
    assert learned(handler_seconds, report_seconds).batch(32) == batch


def test_a_batch_is_waited_for_as_long_as_a_report_takes_up_to_a_limit() -> None:
    assert learned(1, 0.02).linger_seconds() == pytest.approx(0.02, rel=0.01)
    assert learned(1, 5).linger_seconds() == BatchSizing.MAX_LINGER_SECONDS
