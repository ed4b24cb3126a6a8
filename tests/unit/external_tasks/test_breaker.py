"""Topics whose tasks keep failing are paused: arithmetic with a clock of the test's, then a whole worker."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from external_tasks import (
    BusinessError,
    CircuitBreaker,
    PermanentError,
    RegistrationError,
    RetryPolicy,
    TaskRouter,
    TopicSubscription,
    TransientError,
    Worker,
)
from external_tasks.handlers.limits import TopicLimit
from external_tasks.runtime.topic_limits import TopicLimits
from external_tasks.testing import FakeEngine
from support.hand_clock import HandClock
from support.waiting import eventually

PAY, SHIP, OTHER = TopicSubscription("pay"), TopicSubscription("ship"), TopicSubscription("other")
TOPICS = [PAY, SHIP, OTHER]


def limits(clock: HandClock, breaker: CircuitBreaker) -> TopicLimits:
    return TopicLimits({topic: TopicLimit(breaker=breaker) for topic in ("pay", "ship")}, clock)


def fail(found: TopicLimits, times: int = 1, topic: str = "pay") -> list[float | None]:
    return [found.note(topic, failed=True) for _ in range(times)]


def test_failures_in_a_row_pause_all_topics_of_the_breaker(clock: HandClock) -> None:
    found = limits(clock, CircuitBreaker(failures=3, first_seconds=2))

    assert fail(found, 3) == [None, None, 2.0]
    share = found.reserve(TOPICS, 8)

    assert (share.topics, share.tasks) == ([OTHER], 8)
    assert found.seconds_to_next == pytest.approx(2)


def test_a_success_between_them_begins_the_count_again(clock: HandClock) -> None:
    found = limits(clock, CircuitBreaker(failures=3))
    fail(found, 2)

    assert found.note("ship", failed=False) is None
    assert fail(found, 2) == [None, None]
    assert found.reserve(TOPICS, 8).topics == TOPICS


def test_after_the_pause_each_topic_gets_one_task_at_a_time(clock: HandClock) -> None:
    found = limits(clock, CircuitBreaker(failures=1, first_seconds=2))
    fail(found)
    clock.now += 2

    share = found.reserve(TOPICS, 8)
    assert (share.topics, share.tasks) == (TOPICS, 1)
    found.settle(share, ["pay"])
    assert found.reserve(TOPICS, 8).topics == [SHIP, OTHER]


def test_a_success_then_ends_the_pause_and_a_failure_begins_a_longer_one(clock: HandClock) -> None:
    found = limits(clock, CircuitBreaker(failures=1, first_seconds=2, factor=3, max_seconds=10))
    pauses = []
    for _ in range(4):
        pauses += fail(found)
        clock.now += 10

    assert pauses == [2.0, 6.0, 10.0, 10.0]
    assert found.note("ship", failed=False) == 0
    assert found.reserve(TOPICS, 8).tasks == 8
    assert fail(found) == [2.0]


def test_what_began_before_the_pause_makes_it_no_longer(clock: HandClock) -> None:
    found = limits(clock, CircuitBreaker(failures=1, first_seconds=2))

    assert fail(found, 3) == [2.0, None, None]


def test_an_outage_that_lasts_for_days_is_no_number_too_large(clock: HandClock) -> None:
    breaker = CircuitBreaker(failures=1, first_seconds=0.001, factor=1e6, max_seconds=30)
    for _ in range(500):
        clock.now += 60
        assert breaker.note(clock.now, failed=True) is not None

    assert math.isinf(breaker.allowance(clock.now, 0)) is False


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"failures": 0}, "failures must be"),
        ({"failures": 1.5}, "failures must be"),
        ({"first_seconds": 0}, "first_seconds must be"),
        ({"factor": 0.5}, "factor must be"),
        ({"max_seconds": math.inf}, "max_seconds must be"),
    ],
)
def test_what_can_be_no_breaker_is_refused(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        CircuitBreaker(**wrong)


def test_a_topic_takes_nothing_else_for_a_breaker() -> None:
    with pytest.raises(RegistrationError, match=r"topic 'pay': breaker must be a CircuitBreaker"):
        TaskRouter().task("pay", breaker=5)  # type: ignore[arg-type]


def unavailable() -> None:
    raise TransientError("the bank is closed")


def declined() -> None:
    raise BusinessError("DECLINED", "no")


def impossible() -> None:
    raise PermanentError("no such account")


def broken() -> None:
    raise KeyError


@pytest.mark.parametrize(
    ("handler", "pauses"), [(unavailable, 1.0), (broken, 1.0), (declined, None), (impossible, None)]
)
def test_only_what_may_pass_counts_as_a_failure(
    engine: FakeEngine, handler: Callable[[], None], pauses: float | None
) -> None:
    worker = Worker(engine, slots=1, retry=RetryPolicy(retries=0))
    worker.task("pay", breaker=CircuitBreaker(failures=2, first_seconds=0.01))(handler)
    for _ in range(2):
        engine.add_task("pay")

    worker.run(once=True)

    labels = {"topic": "pay"}
    assert (
        worker.metrics.registry.get_sample_value("external_task_worker_topic_pauses_total", labels) == pauses
    )


def test_a_service_that_is_back_gets_all_that_waited(engine: FakeEngine) -> None:
    """While it is down, its tasks keep their retries: few calls fail, though many tasks wait."""
    worker = Worker(engine, slots=4, retry=RetryPolicy(retries=20, first_seconds=0.01, factor=1, jitter=0))
    breaker = CircuitBreaker(failures=2, first_seconds=0.05, factor=1)
    calls: list[bool] = []

    @worker.task("pay", breaker=breaker)
    def pay() -> None:
        calls.append(len(calls) >= 8)
        if not calls[-1]:
            raise TransientError("the bank is closed")

    tasks = [engine.add_task("pay") for _ in range(30)]
    worker.start()
    try:
        eventually(lambda: {task.state for task in tasks} == {"completed"})
    finally:
        worker.stop()

    assert calls.count(False) == 8
