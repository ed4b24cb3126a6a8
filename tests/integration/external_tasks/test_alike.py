"""One suite for the in-memory engine and the real one: what holds in tests holds in earnest."""

from collections.abc import Callable
from typing import Any

import pytest
from external_tasks import BadRequest, LockLost, NotFound, TopicSubscription
from external_tasks.testing import FakeEngine
from support.waiting import eventually

Add = Callable[..., str]
"""Makes a task with these variables and this business key; returns its id."""


@pytest.fixture(
    params=[
        pytest.param("real", marks=pytest.mark.engine),
        pytest.param("memory", marks=pytest.mark.any_engine),
    ]
)
def world(request: pytest.FixtureRequest) -> tuple[Any, str, Add]:
    """An engine, a topic, and what makes tasks of it."""
    if request.param == "memory":
        fake = FakeEngine()
        return (
            fake,
            "topic",
            lambda variables=None, key=None: fake.add_task("topic", variables, business_key=key).id,
        )
    probe = request.getfixturevalue("probe")

    def add(variables: Any = None, key: str | None = None) -> str:
        instance = probe.start(variables, business_key=key)
        return str(probe.client.external_tasks(processInstanceId=instance)[0]["id"])

    return probe.client, probe.key, add


def _fetch(
    world: tuple[Any, str, Add], worker: str = "one", lock_ms: int = 60_000, **filters: Any
) -> list[Any]:
    engine, topic, _ = world
    return list(engine.fetch_and_lock(worker, [TopicSubscription(topic, lock_ms, **filters)], 50))


def test_a_locked_task_is_given_out_once_and_completed_once(world: Any) -> None:
    engine, _, add = world
    task = add({"text": "ä", "number": 7, "big": 2**40, "float": 0.5, "json": {"a": [1]}, "none": None}, "R1")
    (fetched,) = _fetch(world)
    assert (fetched.id, fetched.business_key, fetched.retries, fetched.worker_id) == (task, "R1", None, "one")
    assert {name: value["type"] for name, value in fetched.variables.items()} == {
        "text": "String", "number": "Integer", "big": "Long", "float": "Double", "json": "Json",
        "none": "Null",
    }  # fmt: skip
    assert _fetch(world, "two") == []
    engine.complete(task, "one", {"done": True})
    with pytest.raises(NotFound) as error:
        engine.complete(task, "one")
    assert error.value.status == 404


def test_another_worker_may_do_nothing_with_a_held_task(world: Any) -> None:
    engine, _, add = world
    task = add()
    _fetch(world)
    acts: list[Callable[[], None]] = [
        lambda: engine.complete(task, "two"),
        lambda: engine.bpmn_error(task, "two", "KNOWN", ""),
        lambda: engine.extend_lock(task, "two", 1000),
        lambda: engine.lock(task, "two", 1000),
        lambda: engine.failure(task, "two", message="", details="", retries=1, retry_timeout_ms=0),
    ]
    for act in acts:
        with pytest.raises(LockLost) as error:
            act()
        assert error.value.status == 400


def test_a_failed_task_waits_for_its_time_and_keeps_count_and_variables(world: Any) -> None:
    engine, _, add = world
    task = add()
    _fetch(world)
    engine.failure(
        task, "one", message="no", details="d", retries=2, retry_timeout_ms=300, variables={"a": 1}
    )
    (again,) = eventually(lambda: _fetch(world))
    assert (again.retries, again.error_message, again.variables["a"]["value"]) == (2, "no", 1)
    engine.failure(task, "one", message="no", details="", retries=0, retry_timeout_ms=0)
    assert _fetch(world) == []
    engine.set_retries(task, 1)
    assert len(eventually(lambda: _fetch(world))) == 1


def test_an_expired_lock_cannot_be_extended_and_lets_others_in(world: Any) -> None:
    engine, _, add = world
    task = add()
    _fetch(world, lock_ms=1)

    def expired() -> bool:
        try:
            engine.extend_lock(task, "one", 1)
        except BadRequest as error:
            return isinstance(error, LockLost)
        return False

    assert eventually(expired)
    (again,) = eventually(lambda: _fetch(world, "two"))
    assert again.worker_id == "two"


def test_an_unlocked_task_is_fetched_at_once_and_ends_by_a_bpmn_error(world: Any) -> None:
    engine, _, add = world
    task = add()
    _fetch(world)
    engine.unlock(task)
    assert [found.id for found in _fetch(world, "two")] == [task]
    engine.bpmn_error(task, "two", "KNOWN", "why", {"a": 1})
    with pytest.raises(NotFound):
        engine.unlock(task)


def test_filters_choose_alike(world: Any) -> None:
    _, _, add = world
    first, second = add({"country": "FR"}, "R1"), add({"country": "DE"}, "R2")
    assert _fetch(world, process_variables={"country": "IT"}) == []
    assert _fetch(world, process_definition_version_tag="v9") == []
    assert [task.id for task in _fetch(world, business_key="R2")] == [second]
    (found,) = _fetch(world, process_variables={"country": "FR"}, variables=("other",))
    assert (found.id, found.variables) == (first, {})
