"""Limits of topics: arithmetic with a clock of the test's, then a whole worker."""

import threading

import pytest
from external_tasks import Rate, RetryPolicy, Task, TopicSubscription, TransientError, Worker
from external_tasks.handlers.limits import TopicLimit
from external_tasks.runtime.topic_limits import TopicLimits
from external_tasks.testing import FakeEngine
from support.hand_clock import HandClock

SLOW, QUICK = TopicSubscription("slow"), TopicSubscription("quick")
BOTH = [SLOW, QUICK]


def test_without_limits_a_fetch_asks_for_all_slots(clock: HandClock) -> None:
    share = TopicLimits({"slow": TopicLimit()}, clock).reserve(BOTH, 8)

    assert (share.topics, share.tasks) == (BOTH, 8)


def test_a_fetch_asks_for_no_more_than_a_topic_may_have(clock: HandClock) -> None:
    limits = TopicLimits({"slow": TopicLimit(3)}, clock)
    share = limits.reserve(BOTH, 8)
    assert (share.topics, share.tasks) == (BOTH, 3)

    limits.settle(share, ["slow", "quick"])

    assert limits.reserve(BOTH, 8).tasks == 2


def test_a_topic_at_its_limit_is_left_out_until_a_task_ends(clock: HandClock) -> None:
    limits = TopicLimits({"slow": TopicLimit(2)}, clock)
    limits.settle(limits.reserve(BOTH, 8), ["slow", "slow"])
    share = limits.reserve(BOTH, 8)
    assert (share.topics, share.tasks) == ([QUICK], 8)

    assert limits.end("slow")
    assert not limits.end("quick")
    share = limits.reserve(BOTH, 8)
    assert (share.topics, share.tasks) == (BOTH, 1)


def test_two_fetches_at_once_never_bring_too_many(clock: HandClock) -> None:
    limits = TopicLimits({"slow": TopicLimit(3)}, clock)
    first = limits.reserve([SLOW], 2)
    second = limits.reserve([SLOW], 8)
    third = limits.reserve([SLOW], 8)
    assert [share.tasks for share in (first, second)] == [2, 1]
    assert third.topics == []

    limits.settle(first, [])
    assert limits.reserve([SLOW], 8).tasks == 2


def test_a_rate_lets_tasks_begin_one_after_the_other(clock: HandClock) -> None:
    limits = TopicLimits({"slow": TopicLimit(rate=Rate(per_second=2, burst=3))}, clock)
    limits.settle(limits.reserve(BOTH, 8), ["slow"] * 3)
    assert limits.reserve(BOTH, 8).topics == [QUICK]
    assert limits.seconds_to_next == pytest.approx(0.5)

    clock.advance(0.5)
    assert limits.seconds_to_next is None
    assert limits.reserve([SLOW], 8).tasks == 1


def test_a_quiet_time_saves_no_more_than_the_burst(clock: HandClock) -> None:
    limits = TopicLimits({"slow": TopicLimit(rate=Rate(per_second=2, burst=3))}, clock)
    clock.advance(1000)

    assert limits.reserve([SLOW], 8).tasks == 3


def test_a_slow_topic_leaves_slots_for_others(engine: FakeEngine) -> None:
    worker, release, most, running = Worker(engine, slots=4, poll_seconds=0.5), threading.Event(), [0], [0]
    lock = threading.Lock()

    @worker.task("slow", max_tasks=2)
    def slow() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        release.wait(20)
        with lock:
            running[0] -= 1

    worker.task("quick")(lambda: None)
    slow_tasks = [engine.add_task("slow") for _ in range(12)]
    quick_tasks = [engine.add_task("quick") for _ in range(3)]
    worker.start()

    assert engine.wait_until(lambda: all(task.state == "completed" for task in quick_tasks))
    assert all(task.state == "open" for task in slow_tasks)
    release.set()
    assert engine.wait_until(lambda: all(task.state == "completed" for task in slow_tasks), 20)
    worker.stop()
    assert most == [2]


def test_a_task_that_fails_or_is_given_back_frees_its_place(engine: FakeEngine) -> None:
    policy = RetryPolicy(retries=3, first_seconds=0.05, factor=1, jitter=0)
    worker = Worker(engine, slots=4, poll_seconds=0.5, retry=policy)

    @worker.task("topic", max_tasks=1)
    def handle(task: Task) -> None:
        if task.attempt < 3:
            raise TransientError("not yet")

    tasks = [engine.add_task("topic") for _ in range(3)]
    worker.start()

    assert engine.wait_until(lambda: all(task.state == "completed" for task in tasks), 20)
    worker.stop()


@pytest.mark.parametrize("once", [True, False])
def test_all_tasks_of_a_topic_with_a_rate_are_done(engine: FakeEngine, *, once: bool) -> None:
    worker = Worker(engine, slots=4, poll_seconds=0.5)
    worker.task("topic", rate=Rate(per_second=20, burst=2))(lambda: None)
    tasks = [engine.add_task("topic") for _ in range(8)]
    if once:
        worker.run(once=True)
    else:
        worker.start()

    assert engine.wait_until(lambda: all(task.state == "completed" for task in tasks), 20)
    worker.stop()
