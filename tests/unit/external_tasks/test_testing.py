from datetime import UTC, datetime
from typing import Any

import pytest
from external_tasks import (
    BpmnError,
    BusinessError,
    Complete,
    EngineServerError,
    ExternalTask,
    Failure,
    File,
    LockLost,
    NotFound,
    RetryPolicy,
    Task,
    TaskSuspended,
    TopicSubscription,
    TransientError,
)
from external_tasks.errors import EngineUnreachable
from external_tasks.testing import FakeEngine, run_task
from support.hand_clock import HandClock

TOPIC = [TopicSubscription("topic", lock_ms=10_000)]


def test_a_handler_runs_without_an_engine() -> None:
    def greet(name: str, guests: int = 1) -> dict[str, Any]:
        return {"greeting": f"{name} and {guests - 1} more"}

    assert run_task(greet, {"name": "Zoë", "guests": 3}) == Complete({"greeting": "Zoë and 2 more"})


def test_a_handler_sees_variables_as_the_engine_gives_them() -> None:
    seen: dict[str, Any] = {}

    def look(task: Task) -> None:
        seen.update(task.variables)

    run_task(look, {"when": datetime(2026, 1, 2, 3, 4, 5, 678999, UTC), "pair": (1, 2)})

    assert seen == {"when": datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), "pair": [1, 2]}


def test_a_handler_sees_the_task_it_is_given() -> None:
    def look(task: Task) -> dict[str, Any]:
        return {
            "facts": [task.topic, task.idempotency_key, task.business_key, task.attempt, task.cancelled],
        }

    outcome = run_task(look, topic="mail", task_id="t7", business_key="R1", retries=5, cancelled=True)

    assert outcome == Complete({"facts": ["mail", "t7", "R1", 2, True]})


def test_exceptions_come_out_as_outcomes() -> None:
    def fail(kind: str) -> None:
        raise {"business": BusinessError("CODE", "why"), "transient": TransientError("busy", 9)}[kind]

    assert run_task(fail, {"kind": "business"}) == BpmnError("CODE", "why")
    transient = run_task(fail, {"kind": "transient"}, retry=RetryPolicy(retries=4))
    assert isinstance(transient, Failure)
    assert (transient.retries, transient.retry_seconds) == (4, 9)
    assert run_task(fail, {"kind": "transient"}, retries=1, on_retries_exhausted="bpmn_error") == BpmnError(
        "TASK_ERROR", "busy"
    )


def test_a_missing_variable_is_named() -> None:
    def greet(name: str) -> None:
        """Need a name."""

    outcome = run_task(greet)

    assert isinstance(outcome, Failure)
    assert outcome.retries == 0
    assert "name" in outcome.message


def test_a_result_that_has_no_form_is_a_failure() -> None:
    outcome = run_task(lambda: {"price": object()})

    assert isinstance(outcome, Failure)
    assert "'price'" in outcome.message


def test_a_handler_reads_files() -> None:
    def measure(task: Task) -> dict[str, Any]:
        return {"size": len(task.read_file("bill")), "name": task.variables["bill"].name}

    assert run_task(measure, {"bill": File("bill.pdf", b"12345")}) == Complete(
        {"size": 5, "name": "bill.pdf"}
    )


def test_what_is_no_file_cannot_be_read() -> None:
    with pytest.raises(LookupError, match="'bill'"):
        Task("id", "topic", {"bill": "text"}).read_file("bill")
    with pytest.raises(LookupError, match="no engine"):
        Task("id", "topic", {"bill": File("a")}).read_file("bill")


def test_a_cancelled_task_wakes_its_handler() -> None:
    task = Task("id", "topic")
    assert not task.wait(0)
    task._link.cancelled.set()
    assert task.wait(60)


class TestFakeEngine:
    def test_a_task_of_a_suspended_caller_can_be_fetched_and_cannot_end(self, engine: FakeEngine) -> None:
        task = engine.add_task("topic")
        engine.suspend_caller(task.id)
        engine.fetch_and_lock("one", TOPIC, 1)
        with pytest.raises(TaskSuspended):
            engine.complete(task.id, "one")
        with pytest.raises(EngineServerError, match="Propagation of bpmn error CODE failed"):
            engine.bpmn_error(task.id, "one", "CODE", "")
        engine.extend_lock(task.id, "one", 1000)
        engine.suspend_caller(task.id, suspended=False)
        engine.complete(task.id, "one")

        assert task.state == "completed"

    def test_a_task_is_fetched_once(self, engine: FakeEngine) -> None:
        task = engine.add_task("topic", {"a": 1, "b": 2}, business_key="R1")
        (fetched,) = engine.fetch_and_lock("one", TOPIC, 5)

        assert (fetched.id, fetched.business_key, fetched.retries) == (task.id, "R1", None)
        assert engine.fetch_and_lock("two", TOPIC, 5) == []
        assert task.fetched_by == ["one"]

    def test_no_more_than_asked_for_and_only_what_is_asked_for(self, engine: FakeEngine) -> None:
        for priority in (1, 3, 2):
            engine.add_task("topic", priority=priority)
        engine.add_task("other")

        tasks = engine.fetch_and_lock("one", TOPIC, 2, use_priority=True)

        assert [task.priority for task in tasks] == [3, 2]

    def test_filters_apply(self, hand_engine: FakeEngine, clock: HandClock) -> None:
        engine = hand_engine
        engine.add_task("topic", {"a": 1}, business_key="A", process_definition_key="P", tenant_id="T")
        engine.add_task(
            "topic", business_key="B", process_definition_key="Q", process_definition_version_tag="v2"
        )

        def fetched(**filters: Any) -> list[str | None]:
            topic = TopicSubscription("topic", lock_ms=1, **filters)
            clock.advance(1)
            return [task.business_key for task in engine.fetch_and_lock("one", [topic], 9)]

        assert fetched(business_key="B") == ["B"]
        assert fetched(process_definition_keys=("P", "X")) == ["A"]
        assert fetched(tenant_ids=("T",)) == ["A"]
        assert fetched(without_tenant=True) == ["B"]
        assert fetched(process_definition_ids=("Q:1",)) == ["B"]
        assert fetched(process_definition_version_tag="v2") == ["B"]
        assert fetched(process_variables={"a": 1}) == ["A"]
        assert fetched(process_variables={"a": 2}) == []
        assert fetched(process_variables={"a": 1, "b": 2}) == ["A"]
        assert fetched() == ["A", "B"]

    def test_only_named_variables_are_sent(self, engine: FakeEngine) -> None:
        engine.add_task("topic", {"a": 1, "b": 2})
        (task,) = engine.fetch_and_lock("one", [TopicSubscription("topic", variables=("a", "c"))], 1)

        assert task.variables == {"a": {"type": "Integer", "value": 1}}

    def test_an_expired_lock_lets_others_fetch(self, hand_engine: FakeEngine, clock: HandClock) -> None:
        task = hand_engine.add_task("topic")
        hand_engine.fetch_and_lock("one", TOPIC, 1)
        clock.advance(11)
        with pytest.raises(LockLost, match="expired"):
            hand_engine.extend_lock(task.id, "one", 1000)
        hand_engine.fetch_and_lock("two", TOPIC, 1)

        with pytest.raises(LockLost, match="'two'"):
            hand_engine.complete(task.id, "one")

    def test_an_expired_lock_still_allows_to_complete(
        self, hand_engine: FakeEngine, clock: HandClock
    ) -> None:
        task = hand_engine.add_task("topic")
        hand_engine.fetch_and_lock("one", TOPIC, 1)
        clock.advance(11)
        hand_engine.complete(task.id, "one")

        with pytest.raises(NotFound):
            hand_engine.complete(task.id, "one")

    def test_a_failed_task_comes_back_later_with_less_retries(
        self, hand_engine: FakeEngine, clock: HandClock
    ) -> None:
        task = hand_engine.add_task("topic")
        hand_engine.fetch_and_lock("one", TOPIC, 1)
        hand_engine.failure(task.id, "one", message="no", details="", retries=1, retry_timeout_ms=2000)

        assert hand_engine.fetch_and_lock("one", TOPIC, 1) == []
        clock.advance(2)
        (again,) = hand_engine.fetch_and_lock("one", TOPIC, 1)
        assert again.retries == 1

    def test_an_incident_is_healed_by_new_retries(self, engine: FakeEngine) -> None:
        task = engine.add_task("topic")
        engine.fetch_and_lock("one", TOPIC, 1)
        engine.failure(task.id, "one", message="no", details="", retries=0, retry_timeout_ms=0)
        assert task.has_incident
        assert engine.fetch_and_lock("one", TOPIC, 1) == []

        engine.set_retries(task.id, 1)

        assert len(engine.fetch_and_lock("one", TOPIC, 1)) == 1

    def test_a_suspended_task_waits(self, engine: FakeEngine) -> None:
        task = engine.add_task("topic")
        engine.fetch_and_lock("one", TOPIC, 1)
        engine.suspend(task.id)
        with pytest.raises(TaskSuspended):
            engine.complete(task.id, "one")
        engine.unlock(task.id)
        assert engine.fetch_and_lock("one", TOPIC, 1) == []

        engine.suspend(task.id, suspended=False)

        assert len(engine.fetch_and_lock("one", TOPIC, 1)) == 1

    def test_faults_come_before_or_after_the_effect(self, engine: FakeEngine) -> None:
        task = engine.add_task("topic")
        engine.fetch_and_lock("one", TOPIC, 1)
        engine.fail_next("complete", EngineUnreachable("refused"))
        engine.fail_next("complete", EngineUnreachable("reset"), after_effect=True)

        with pytest.raises(EngineUnreachable, match="refused"):
            engine.complete(task.id, "one")
        before = task.state
        with pytest.raises(EngineUnreachable, match="reset"):
            engine.complete(task.id, "one")
        assert (before, task.state) == ("open", "completed")

    def test_another_workers_lock_is_not_to_be_had(self, hand_engine: FakeEngine, clock: HandClock) -> None:
        task = hand_engine.add_task("topic")
        hand_engine.fetch_and_lock("one", TOPIC, 1)
        with pytest.raises(LockLost):
            hand_engine.lock(task.id, "two", 1000)
        clock.advance(11)

        hand_engine.lock(task.id, "two", 1000)

        assert task.worker_id == "two"

    def test_unknown_tasks_and_files_are_not_found(self, engine: FakeEngine) -> None:
        with pytest.raises(NotFound):
            engine.unlock("nobody")
        with pytest.raises(NotFound):
            engine.file_variable(ExternalTask("t", "topic", "one", {}), "bill")
