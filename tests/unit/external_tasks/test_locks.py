import threading

import pytest
from external_tasks import EngineUnreachable, ExternalTask, TopicSubscription
from external_tasks.runtime.lock_renewer import LockRenewer
from external_tasks.runtime.locks import LockState, TaskLock, TaskLocks
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.pool import ThreadPool
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
def locks(clock: HandClock) -> TaskLocks:
    return TaskLocks(clock)


@pytest.fixture
def renewer(hand_engine: FakeEngine, locks: TaskLocks, clock: HandClock, metrics: Metrics) -> LockRenewer:
    return LockRenewer(hand_engine, WORKER, locks, metrics, monotonic=clock)


def take(locks: TaskLocks, task_id: str, duration: float = 10) -> TaskLock:
    lock = locks.take(fetched(task_id), duration)
    assert lock is not None
    return lock


def take_fetched(locks: TaskLocks, task: ExternalTask, duration: float) -> None:
    assert locks.take(task, duration) is not None


def fetched(task_id: str, retries: int | None = None) -> ExternalTask:
    return ExternalTask(task_id, "topic", WORKER, {}, retries)


def test_a_lock_is_extended_at_half_of_its_life(
    renewer: LockRenewer,
    locks: TaskLocks,
    hand_engine: FakeEngine,
    task: FakeTask,
    clock: HandClock,
    metrics: Metrics,
) -> None:
    take(locks, task.id)
    clock.advance(4)
    renewer.renew_due()
    assert hand_engine.calls["extend_lock"] == 0

    clock.advance(2)
    renewer.renew_due()

    assert task.lock_expires == clock() + 10
    assert (
        metrics.registry.get_sample_value("external_task_worker_locks_extended_total", {"topic": "topic"})
        == 1
    )


def test_what_falls_due_before_the_next_look_is_extended_now(
    renewer: LockRenewer, locks: TaskLocks, task: FakeTask, clock: HandClock
) -> None:
    take(locks, task.id)
    clock.advance(4)
    renewer.renew_due(tick=1.5)

    assert task.lock_expires == clock() + 10


def test_a_task_that_has_ended_is_not_extended(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    locks.drop(take(locks, task.id))
    clock.advance(6)
    renewer.renew_due()

    assert hand_engine.calls["extend_lock"] == 0


def test_a_task_that_is_gone_is_cancelled(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    hand_engine.cancel(task.id)
    clock.advance(6)
    renewer.renew_due()

    assert lock.ended.is_set()
    assert lock.state is LockState.CANCELLED


def test_a_task_that_another_worker_has_is_lost(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    clock.advance(11)
    hand_engine.fetch_and_lock("other", [TopicSubscription("topic")], 1)
    renewer.renew_due()

    assert lock.ended.is_set()
    assert lock.state is LockState.LOST


def test_a_lock_that_expired_is_taken_anew_while_nobody_has_it(
    renewer: LockRenewer, locks: TaskLocks, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    clock.advance(11)
    renewer.renew_due()

    assert lock.state is LockState.HELD
    assert (task.worker_id, task.lock_expires) == (WORKER, clock() + 10)


def test_a_suspended_task_stays_locked(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    hand_engine.suspend(task.id)
    clock.advance(6)
    renewer.renew_due()

    assert lock.state is LockState.HELD
    assert task.lock_expires == clock() + 10


def test_an_engine_that_is_away_is_asked_again_soon(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    hand_engine.fail_next("extend_lock", EngineUnreachable("away"))
    clock.advance(6)
    renewer.renew_due()
    assert lock.state is LockState.HELD

    clock.advance(1)
    renewer.renew_due()

    assert task.lock_expires == clock() + 10


def test_an_engine_that_is_away_is_not_asked_for_every_lock(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, clock: HandClock
) -> None:
    for number in range(5):
        take(locks, f"task-{number}")
    hand_engine.fail_next("extend_lock", EngineUnreachable("away"), times=5)
    clock.advance(6)
    renewer.renew_due()

    assert hand_engine.calls["extend_lock"] == 1


def test_a_task_under_report_is_left_to_its_reporter(
    renewer: LockRenewer, locks: TaskLocks, hand_engine: FakeEngine, task: FakeTask, clock: HandClock
) -> None:
    lock = take(locks, task.id)
    lock.begin_report(None)
    hand_engine.cancel(task.id)
    clock.advance(6)
    renewer.renew_due()

    assert not lock.ended.is_set()


def test_a_running_task_that_is_fetched_again_is_recognised(locks: TaskLocks, clock: HandClock) -> None:
    lock = take(locks, "t1")
    clock.advance(11)

    assert locks.take(fetched("t1"), 10) is None
    assert (lock.fetched_again, lock.granted_at) == (True, clock())
    assert locks.take(fetched("another"), 10) is not None
    lock.begin_report(None)
    assert locks.take(fetched("t1"), 10) is None


def test_the_next_attempt_of_a_failed_task_is_no_running_one(locks: TaskLocks) -> None:
    """Its retry can be fetched before the thread that has reported the failure comes to drop it."""
    lock = take(locks, "t1")
    lock.begin_report(2)

    assert locks.take(fetched("t1", 3), 10) is None
    assert locks.take(fetched("t1", 2), 10) is not None


def test_the_end_of_one_attempt_does_not_drop_the_next_one(locks: TaskLocks) -> None:
    first = take(locks, "t1")
    first.begin_report(2)
    second = locks.take(fetched("t1", 2), 10)
    locks.drop(first)

    assert locks.all == [second]


def test_the_thread_extends_until_it_is_stopped(engine: FakeEngine, metrics: Metrics) -> None:
    task = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, [TopicSubscription("topic", lock_ms=200)], 1)
    locks, stop = TaskLocks(), threading.Event()
    renewer = LockRenewer(engine, WORKER, locks, metrics)
    take(locks, task.id, 0.2)
    thread = threading.Thread(target=renewer.run, args=(stop, 0.02))
    thread.start()

    assert engine.wait_until(lambda: engine.calls["extend_lock"] >= 3)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_locks_are_extended_side_by_side_by_a_slow_engine(metrics: Metrics) -> None:
    """One after the other 12 extensions of 0.3 s each would take longer than the locks last."""
    engine, stop = SlowEngine(), threading.Event()
    locks, pool = TaskLocks(), ThreadPool("renewal", 8)
    renewer = LockRenewer(engine, WORKER, locks, metrics, submit=pool.submit, side_by_side=8)
    for _ in range(12):
        engine.add_task("topic")
    for task in engine.fetch_and_lock(WORKER, [TopicSubscription("topic", lock_ms=3000)], 12):
        take_fetched(locks, task, 3.0)
    pool.start()
    thread = threading.Thread(target=renewer.run, args=(stop, 0.1))
    thread.start()

    assert engine.wait_until(lambda: engine.calls["extend_lock"] >= 36, 60)
    stop.set()
    thread.join(10)
    pool.close()
    assert engine.most_at_once == 8
    assert all(lock.state is LockState.HELD for lock in locks.all)
    assert engine.calls["lock"] == 0


def test_a_slow_engine_is_asked_earlier_the_next_time(
    hand_engine: FakeEngine, locks: TaskLocks, metrics: Metrics, clock: HandClock, task: FakeTask
) -> None:
    lock = take(locks, task.id)
    extend = hand_engine.extend_lock

    def slow(task_id: str, worker_id: str, duration_ms: int) -> None:
        extend(task_id, worker_id, duration_ms)
        clock.advance(2)

    hand_engine.extend_lock = slow  # type: ignore[method-assign]  # an engine that takes two seconds
    renewer = LockRenewer(hand_engine, WORKER, locks, metrics, monotonic=clock)
    clock.advance(5)
    renewer.renew_due()
    assert lock.granted_at == clock() - 2

    clock.advance(1.5)

    renewer.renew_due()
    assert hand_engine.calls["extend_lock"] == 2


@pytest.mark.parametrize("error", [RuntimeError("of a client of the user's"), KeyError("x")])
def test_no_error_ends_the_renewing(
    renewer: LockRenewer,
    locks: TaskLocks,
    hand_engine: FakeEngine,
    task: FakeTask,
    clock: HandClock,
    error: Exception,
) -> None:
    lock = take(locks, task.id)
    hand_engine.fail_next("extend_lock", error)  # type: ignore[arg-type]  # any error may come up
    clock.advance(6)
    renewer.renew_due()
    clock.advance(1)
    renewer.renew_due()

    assert lock.state is LockState.HELD
    assert task.lock_expires == clock() + 10


class SlowEngine(FakeEngine):
    """Takes 0.3 seconds to extend a lock, for several at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.most_at_once = 0
        self._at_once = 0
        self._counting = threading.Lock()

    def extend_lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        with self._counting:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        threading.Event().wait(0.3)
        super().extend_lock(task_id, worker_id, duration_ms)
        with self._counting:
            self._at_once -= 1
