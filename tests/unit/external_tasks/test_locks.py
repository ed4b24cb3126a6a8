import threading

import pytest
from external_tasks import EngineUnreachable, TopicSubscription
from external_tasks.locks import Hold, LockKeeper
from external_tasks.metrics import Metrics
from external_tasks.testing import FakeEngine, FakeTask
from support.hand_clock import HandClock

WORKER = "pod:1"


@pytest.fixture
def task(hand_engine: FakeEngine) -> FakeTask:
    task = hand_engine.add_task("topic")
    hand_engine.fetch_and_lock(WORKER, [TopicSubscription("topic", lock_ms=10_000)], 1)
    return task


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def keeper(hand_engine: FakeEngine, clock: HandClock, metrics: Metrics) -> LockKeeper:
    return LockKeeper(hand_engine, WORKER, metrics, clock)


def test_a_lock_is_extended_at_half_of_its_life(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock, metrics: Metrics
) -> None:
    keeper.hold(task.id, "topic", 10)
    clock.advance(4)
    keeper.extend_due()
    assert hand_engine.calls["extend_lock"] == 0

    clock.advance(2)
    keeper.extend_due()

    assert task.lock_expires == clock() + 10
    assert (
        metrics.registry.get_sample_value("external_task_worker_locks_extended_total", {"topic": "topic"})
        == 1
    )


def test_what_falls_due_before_the_next_look_is_extended_now(
    keeper: LockKeeper, task: FakeTask, clock: HandClock
) -> None:
    keeper.hold(task.id, "topic", 10)
    clock.advance(4)
    keeper.extend_due(tick=1.5)

    assert task.lock_expires == clock() + 10


def test_a_task_that_has_ended_is_not_extended(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    keeper.drop(keeper.hold(task.id, "topic", 10))
    clock.advance(6)
    keeper.extend_due()

    assert hand_engine.calls["extend_lock"] == 0


def test_a_task_that_is_gone_is_cancelled(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    hand_engine.cancel(task.id)
    clock.advance(6)
    keeper.extend_due()

    assert held.ended.is_set()
    assert held.state is Hold.GONE


def test_a_task_that_another_worker_has_is_lost(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    clock.advance(11)
    hand_engine.fetch_and_lock("other", [TopicSubscription("topic")], 1)
    keeper.extend_due()

    assert held.ended.is_set()
    assert held.state is Hold.LOST


def test_a_lock_that_expired_is_taken_anew_while_nobody_has_it(
    keeper: LockKeeper, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    clock.advance(11)
    keeper.extend_due()

    assert held.state is Hold.HELD
    assert (task.worker_id, task.lock_expires) == (WORKER, clock() + 10)


def test_a_suspended_task_stays_locked(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    hand_engine.suspend(task.id)
    clock.advance(6)
    keeper.extend_due()

    assert held.state is Hold.HELD
    assert task.lock_expires == clock() + 10


def test_an_engine_that_is_away_is_asked_again_soon(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    hand_engine.fail_next("extend_lock", EngineUnreachable("away"))
    clock.advance(6)
    keeper.extend_due()
    assert held.state is Hold.HELD

    clock.advance(1)
    keeper.extend_due()

    assert task.lock_expires == clock() + 10


def test_an_engine_that_is_away_is_not_asked_for_every_lock(
    keeper: LockKeeper, hand_engine: FakeEngine, clock: HandClock
) -> None:
    for number in range(5):
        keeper.hold(f"task-{number}", "topic", 10)
    hand_engine.fail_next("extend_lock", EngineUnreachable("away"), times=5)
    clock.advance(6)
    keeper.extend_due()

    assert hand_engine.calls["extend_lock"] == 1


def test_a_task_under_report_is_left_to_its_reporter(
    keeper: LockKeeper, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    held = keeper.hold(task.id, "topic", 10)
    held.reporting = True
    hand_engine.cancel(task.id)
    clock.advance(6)
    keeper.extend_due()

    assert not held.ended.is_set()


def test_a_running_task_that_is_fetched_again_is_recognised(keeper: LockKeeper, task: FakeTask) -> None:
    held = keeper.hold(task.id, "topic", 10)

    assert keeper.renew(task.id, None)
    assert not keeper.renew("another", None)
    held.reporting = True
    assert keeper.renew(task.id, None)


def test_the_next_attempt_of_a_failed_task_is_no_running_one(keeper: LockKeeper, task: FakeTask) -> None:
    """Its retry can be fetched before the thread that has reported the failure comes to drop it."""
    held = keeper.hold(task.id, "topic", 10)
    held.reporting, held.reported_retries = True, 2

    assert keeper.renew(task.id, 3)
    assert not keeper.renew(task.id, 2)


def test_the_end_of_one_attempt_does_not_drop_the_next_one(keeper: LockKeeper, task: FakeTask) -> None:
    first = keeper.hold(task.id, "topic", 10)
    second = keeper.hold(task.id, "topic", 10)
    keeper.drop(first)

    assert keeper.held == [second]


def test_the_thread_extends_until_it_is_stopped(engine: FakeEngine, metrics: Metrics) -> None:
    task = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, [TopicSubscription("topic", lock_ms=200)], 1)
    keeper, stop = LockKeeper(engine, WORKER, metrics), threading.Event()
    keeper.hold(task.id, "topic", 0.2)
    thread = threading.Thread(target=keeper.run, args=(stop, 0.02))
    thread.start()

    assert engine.wait_until(lambda: engine.calls["extend_lock"] >= 3)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
