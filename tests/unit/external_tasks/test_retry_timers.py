import threading

import pytest
from external_tasks.runtime.retry_timers import GRID_SECONDS, RetryTimers
from support.hand_clock import HandClock


def test_the_earliest_retry_is_the_next_one(clock: HandClock) -> None:
    timers = RetryTimers(clock)
    timers.add("t1", 9)
    timers.add("t2", 3)

    assert timers.seconds_to_next() == pytest.approx(3, abs=1.01 * GRID_SECONDS)


def test_nothing_is_due_where_nothing_was_added(clock: HandClock) -> None:
    timers = RetryTimers(clock)

    assert timers.seconds_to_next() is None
    assert not timers.forget_due()
    assert not timers.wait(0)


def test_a_retry_is_never_due_too_early(clock: HandClock) -> None:
    timers = RetryTimers(clock)
    timers.add("t2", 3)
    clock.advance(3)

    assert not timers.forget_due()
    clock.advance(GRID_SECONDS)
    assert timers.forget_due()
    assert timers.seconds_to_next() is None


def test_many_failures_at_once_are_one_due_time(clock: HandClock) -> None:
    timers = RetryTimers(clock)
    for _ in range(1000):
        timers.add("t2", 3)
    clock.advance(3 + GRID_SECONDS)

    assert timers.forget_due()
    assert timers.seconds_to_next() is None


def test_a_time_can_be_added_again_after_it_was_forgotten(clock: HandClock) -> None:
    timers = RetryTimers(clock)
    timers.add("t1", 0)
    clock.advance(GRID_SECONDS)
    timers.forget_due()
    timers.add("t1", 0)

    assert timers.seconds_to_next() is not None


def test_waiting_ends_when_a_retry_falls_due() -> None:
    timers = RetryTimers()
    timers.add("t1", 0.05)

    assert timers.wait(5)


def test_waiting_notices_a_retry_that_is_added_meanwhile() -> None:
    timers = RetryTimers()
    threading.Timer(0.05, timers.add, ["t1", 0]).start()

    assert timers.wait(5)
