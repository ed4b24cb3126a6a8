import threading
from typing import NoReturn

import pytest
from external_tasks import (
    BadRequest,
    BpmnError,
    Complete,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    EngineUnreachable,
    Failure,
    OptimisticLockingConflict,
    RetryPolicy,
    TopicSubscription,
)
from external_tasks.errors import EngineError
from external_tasks.locks import HeldLock, Hold
from external_tasks.metrics import Metrics
from external_tasks.outcomes import ErrorRules, Outcome
from external_tasks.reporting import GIVE_UP_SECONDS, Report, Reporter
from external_tasks.status import EngineStatus
from external_tasks.testing import FakeEngine
from support.hand_clock import HandClock

RULES = ErrorRules(RetryPolicy(retries=3), "incident")


class NoWait(threading.Event):
    """Waits by turning the clock."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.advance(timeout)
        self.waits += 1
        return self.is_set()


class Desk:
    """A reporter with one task that is under way."""

    def __init__(self, engine: FakeEngine, clock: HandClock) -> None:
        self.engine = engine
        self.kept = engine.add_task("topic")
        (self.task,) = engine.fetch_and_lock("pod:1", [TopicSubscription("topic")], 1)
        self.ended = NoWait(clock)
        self.held = HeldLock(self.task.id, "topic", 60, 0, ended=self.ended)
        self._reporter = Reporter(engine, EngineStatus(Metrics()), lambda: 0.5, clock)

    def report(self, outcome: Outcome, rules: ErrorRules = RULES) -> Report:
        return self._reporter.report(self.task, outcome, self.held, rules)

    @property
    def error_message(self) -> str:
        """What the engine was told of the task's failure."""
        assert self.kept.error_message is not None
        return self.kept.error_message


@pytest.fixture
def desk(hand_engine: FakeEngine, clock: HandClock) -> Desk:
    return Desk(hand_engine, clock)


def test_an_outcome_is_reported_once(desk: Desk) -> None:
    assert desk.report(Complete({"a": 1})) == Report("completed", Complete({"a": 1}))
    assert desk.kept.results == {"a": 1}
    assert desk.engine.calls["complete"] == 1


@pytest.mark.parametrize(
    "error",
    [
        OptimisticLockingConflict("two at once", status=500),
        EngineUnreachable("away"),
        EngineOverloaded("busy", status=503),
        EngineUnauthorized("password changes", status=401),
        EngineForbidden("rights change", status=403),
    ],
)
def test_a_completion_is_repeated_until_the_engine_takes_it(desk: Desk, error: EngineError) -> None:
    desk.engine.fail_next("complete", error, times=8)

    assert desk.report(Complete()).result == "completed"
    assert desk.kept.state == "completed"
    assert desk.ended.waits == 8


def test_a_completion_whose_answer_was_lost_counts_as_done(desk: Desk) -> None:
    desk.engine.fail_next("complete", EngineUnreachable("reset"), after_effect=True)

    assert desk.report(Complete({"a": 1})).result == "completed"
    assert desk.kept.results == {"a": 1}


def test_a_task_that_is_gone_is_cancelled(desk: Desk) -> None:
    desk.engine.cancel(desk.task.id)

    assert desk.report(Complete()).result == "cancelled"


def test_a_conflict_that_ends_in_404_is_cancelled(desk: Desk) -> None:
    """The other transaction has cancelled the instance: a conflict means that ours had no effect."""
    desk.engine.fail_next("complete", OptimisticLockingConflict("two at once"))
    desk.engine.cancel(desk.task.id)

    assert desk.report(Complete()).result == "cancelled"


def test_a_task_that_another_worker_has_is_lost(desk: Desk, clock: HandClock) -> None:
    clock.advance(61)
    desk.engine.fetch_and_lock("other", [TopicSubscription("topic")], 1)

    assert desk.report(Complete()).result == "lost"
    assert desk.kept.state == "open"


def test_what_is_known_to_be_gone_is_not_reported(desk: Desk) -> None:
    desk.held.end(Hold.GONE)

    assert desk.report(Complete()).result == "cancelled"
    assert desk.engine.calls["complete"] == 0


def test_a_worker_that_stops_reports_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.engine.fail_next("complete", EngineUnreachable("away"), times=100)
    wait = desk.ended.wait

    def stop_at_third(timeout: float | None = None) -> bool:
        if desk.ended.waits == 2:
            desk.held.end(Hold.RELEASED)
        return wait(timeout)

    monkeypatch.setattr(desk.ended, "wait", stop_at_third)

    assert desk.report(Complete()).result == "unlocked"
    assert desk.engine.calls["complete"] == 3


def test_a_suspended_task_is_given_back(desk: Desk) -> None:
    desk.engine.suspend(desk.task.id)

    assert desk.report(Complete()).result == "suspended"
    assert desk.kept.worker_id is None


def test_a_variable_that_cannot_be_sent_is_a_failure_of_the_handler(desk: Desk) -> None:
    report = desk.report(Complete({"price": object()}))

    assert report.result == "failed"
    assert "variable 'price'" in desk.error_message
    assert desk.kept.retries == 3


def test_what_no_program_foresees_in_a_result_is_a_failure_too(desk: Desk) -> None:
    class Broken(dict[str, int]):
        def items(self) -> NoReturn:
            raise RuntimeError("cannot be read")

    assert desk.report(Complete(Broken(a=1))).result == "failed"
    assert "cannot be read" in desk.error_message


def test_an_answer_that_refuses_the_variables_is_a_failure(desk: Desk) -> None:
    desk.engine.fail_next("complete", BadRequest("Cannot convert value", status=400))

    assert desk.report(Complete()).result == "failed"
    assert "Cannot convert value" in desk.error_message


def test_an_error_in_what_follows_the_task_is_a_failure_after_some_tries(desk: Desk) -> None:
    """A condition or a listener behind the task fails in the same transaction as its completion."""
    desk.engine.fail_next("complete", EngineServerError("Unknown property", status=500), times=100)

    assert desk.report(Complete()).result == "failed"
    assert desk.engine.calls["complete"] == 3
    assert "Unknown property" in desk.error_message


def test_a_bpmn_error_that_is_refused_for_good_is_an_incident(desk: Desk) -> None:
    desk.engine.fail_next("bpmn_error", BadRequest("no such error", status=400), times=100)
    rules = ErrorRules(RetryPolicy(retries=0), "bpmn_error")

    assert desk.report(BpmnError("CODE"), rules).result == "incident"
    assert desk.kept.has_incident


def test_a_failure_that_is_refused_is_given_up(desk: Desk) -> None:
    desk.engine.fail_next("failure", BadRequest("no", status=400))

    assert desk.report(Failure("x", retries=1)).result == "unreported"


def test_a_failure_waits_for_an_engine_that_has_trouble_itself(desk: Desk) -> None:
    desk.engine.fail_next("failure", EngineServerError("no database", status=500), times=10)

    assert desk.report(Failure("x", retries=1)).result == "failed"


def test_a_report_is_given_up_in_the_end(desk: Desk, clock: HandClock) -> None:
    desk.engine.fail_next("complete", EngineUnreachable("away"), times=10_000)
    desk.engine.fail_next("failure", EngineUnreachable("away"), times=10_000)
    before = clock()

    assert desk.report(Complete()).result == "unreported"
    assert GIVE_UP_SECONDS <= clock() - before < GIVE_UP_SECONDS + 60
