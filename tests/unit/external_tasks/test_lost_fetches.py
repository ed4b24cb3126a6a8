import pytest
from external_tasks import (
    CredentialsUnavailable,
    EngineError,
    EngineUnreachable,
    NotFound,
    TopicSubscription,
    UnusableResponse,
)
from external_tasks.errors import EngineForbidden, EngineUnauthorized
from external_tasks.runtime.give_back import GiveBack
from external_tasks.runtime.locks import TaskLocks
from external_tasks.runtime.lost_fetches import LostFetches
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.testing import FakeEngine

WORKER = "pod:1"
TOPIC = [TopicSubscription("topic")]


@pytest.fixture
def locks() -> TaskLocks:
    return TaskLocks()


@pytest.fixture
def timers() -> RetryTimers:
    return RetryTimers()


@pytest.fixture
def lost(engine: FakeEngine, locks: TaskLocks, timers: RetryTimers) -> LostFetches:
    return LostFetches(engine, WORKER, locks, timers, GiveBack(engine, WORKER, timers, lambda: 0.5))


def test_nothing_is_asked_as_long_as_no_fetch_has_failed(lost: LostFetches, engine: FakeEngine) -> None:
    lost.unlock()

    assert engine.calls["external_tasks"] == 0


def test_what_nobody_knows_of_is_unlocked(lost: LostFetches, engine: FakeEngine) -> None:
    task = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, TOPIC, 1)
    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()

    assert task.worker_id is None


def test_tasks_that_run_or_wait_for_their_retry_or_are_others_stay_as_they_are(
    lost: LostFetches, engine: FakeEngine, locks: TaskLocks, timers: RetryTimers
) -> None:
    running, failed = (engine.add_task("topic") for _ in range(2))
    fetched, _ = engine.fetch_and_lock(WORKER, TOPIC, 2)
    locks.take(fetched, 60)
    engine.failure(failed.id, WORKER, message="", details="", retries=1, retry_timeout_ms=60_000)
    timers.add(failed.id, 60)
    other = engine.add_task("topic")
    engine.fetch_and_lock("other", TOPIC, 1)

    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()

    assert [task.worker_id for task in (running, failed, other)] == [WORKER, WORKER, "other"]
    assert engine.calls["unlock"] == 0


@pytest.mark.parametrize("error", [UnusableResponse("not JSON"), RuntimeError("of a client of the user's")])
def test_a_fetch_of_which_nobody_knows_what_it_did_is_looked_after(
    lost: LostFetches, engine: FakeEngine, error: Exception
) -> None:
    task = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, TOPIC, 1)
    lost.suspect(error)
    lost.unlock()

    assert task.worker_id is None


def test_one_look_is_enough(lost: LostFetches, engine: FakeEngine) -> None:
    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()
    lost.unlock()

    assert engine.calls["external_tasks"] == 1


def test_a_look_that_fails_is_repeated(lost: LostFetches, engine: FakeEngine) -> None:
    engine.fail_next("external_tasks", EngineUnreachable("away again"))
    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()
    lost.unlock()

    assert engine.calls["external_tasks"] == 2


def test_a_user_who_may_not_look_is_not_asked_again(lost: LostFetches, engine: FakeEngine) -> None:
    engine.fail_next("external_tasks", EngineForbidden("no permission"))
    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()
    lost.unlock()

    assert engine.calls["external_tasks"] == 1


@pytest.mark.parametrize("error", [EngineUnauthorized("wrong password"), CredentialsUnavailable("no token")])
def test_a_fetch_that_the_engine_refused_has_locked_nothing(
    lost: LostFetches, engine: FakeEngine, error: EngineError
) -> None:
    lost.suspect(error)
    lost.unlock()

    assert engine.calls["external_tasks"] == 0


def test_a_task_that_has_ended_meanwhile_does_not_matter(lost: LostFetches, engine: FakeEngine) -> None:
    for _ in range(2):
        engine.add_task("topic")
    first, second = engine.fetch_and_lock(WORKER, TOPIC, 2)
    engine.fail_next("unlock", NotFound("gone"))
    lost.suspect(EngineUnreachable("reset"))
    lost.unlock()

    workers = {task.id: task.worker_id for task in engine.tasks}
    assert workers == {first.id: WORKER, second.id: None}


def test_a_fetch_that_breaks_off_while_tasks_are_looked_for_is_not_forgotten(
    lost: LostFetches, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, TOPIC, 1)

    def refuse(**_: object) -> list[dict[str, object]]:
        # The other loop's fetch breaks off at this moment.
        lost.suspect(EngineUnreachable("reset"))
        raise EngineForbidden("not yours", status=403)

    lost.suspect(EngineUnreachable("reset"))
    with monkeypatch.context() as patched:
        patched.setattr(engine, "external_tasks", refuse)
        lost.unlock()
    lost.unlock()

    assert task.worker_id is None
