import pytest
from external_tasks import EngineError, EngineUnreachable, NotFound, TopicSubscription
from external_tasks.due import DueRetries
from external_tasks.errors import EngineForbidden, EngineUnauthorized
from external_tasks.locks import LockKeeper
from external_tasks.metrics import Metrics
from external_tasks.orphans import Orphans
from external_tasks.testing import FakeEngine

WORKER = "pod:1"
TOPIC = [TopicSubscription("topic")]


@pytest.fixture
def keeper(engine: FakeEngine) -> LockKeeper:
    return LockKeeper(engine, WORKER, Metrics())


@pytest.fixture
def due() -> DueRetries:
    return DueRetries()


@pytest.fixture
def orphans(engine: FakeEngine, keeper: LockKeeper, due: DueRetries) -> Orphans:
    return Orphans(engine, WORKER, keeper, due)


def test_nothing_is_asked_as_long_as_no_fetch_has_failed(orphans: Orphans, engine: FakeEngine) -> None:
    orphans.unlock()

    assert engine.calls["external_tasks"] == 0


def test_what_nobody_knows_of_is_unlocked(orphans: Orphans, engine: FakeEngine) -> None:
    lost = engine.add_task("topic")
    engine.fetch_and_lock(WORKER, TOPIC, 1)
    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()

    assert lost.worker_id is None


def test_tasks_that_run_or_wait_for_their_retry_or_are_others_stay_as_they_are(
    orphans: Orphans, engine: FakeEngine, keeper: LockKeeper, due: DueRetries
) -> None:
    running, failed = (engine.add_task("topic") for _ in range(2))
    engine.fetch_and_lock(WORKER, TOPIC, 2)
    keeper.hold(running.id, "topic", 60)
    engine.failure(failed.id, WORKER, message="", details="", retries=1, retry_timeout_ms=60_000)
    due.add(failed.id, 60)
    other = engine.add_task("topic")
    engine.fetch_and_lock("other", TOPIC, 1)

    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()

    assert [task.worker_id for task in (running, failed, other)] == [WORKER, WORKER, "other"]
    assert engine.calls["unlock"] == 0


def test_one_look_is_enough(orphans: Orphans, engine: FakeEngine) -> None:
    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()
    orphans.unlock()

    assert engine.calls["external_tasks"] == 1


def test_a_look_that_fails_is_repeated(orphans: Orphans, engine: FakeEngine) -> None:
    engine.fail_next("external_tasks", EngineUnreachable("away again"))
    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()
    orphans.unlock()

    assert engine.calls["external_tasks"] == 2


def test_a_user_who_may_not_look_is_not_asked_again(orphans: Orphans, engine: FakeEngine) -> None:
    engine.fail_next("external_tasks", EngineForbidden("no permission"))
    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()
    orphans.unlock()

    assert engine.calls["external_tasks"] == 1


@pytest.mark.parametrize("error", [EngineUnauthorized("wrong password"), EngineError("not JSON")])
def test_a_fetch_that_the_engine_refused_leaves_no_orphans(
    orphans: Orphans, engine: FakeEngine, error: EngineError
) -> None:
    orphans.suspect(error)
    orphans.unlock()

    assert engine.calls["external_tasks"] == 0


def test_a_task_that_has_ended_meanwhile_does_not_matter(orphans: Orphans, engine: FakeEngine) -> None:
    for _ in range(2):
        engine.add_task("topic")
    first, second = engine.fetch_and_lock(WORKER, TOPIC, 2)
    engine.fail_next("unlock", NotFound("gone"))
    orphans.suspect(EngineUnreachable("reset"))
    orphans.unlock()

    workers = {task.id: task.worker_id for task in engine.tasks}
    assert workers == {first.id: WORKER, second.id: None}
