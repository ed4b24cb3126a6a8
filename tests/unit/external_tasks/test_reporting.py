from typing import NoReturn

import pytest
from external_tasks import (
    BadRequest,
    BpmnError,
    Complete,
    CredentialsUnavailable,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    EngineUnreachable,
    Failure,
    OptimisticLockingConflict,
    RetryPolicy,
    TopicSubscription,
    UnusableResponse,
)
from external_tasks.handlers.cancellation import Cancellation
from external_tasks.handlers.outcomes import ErrorRules, Outcome
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.locks import LockState, TaskLock
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.reporting import GIVE_UP_SECONDS, Reported, Reporter
from external_tasks.testing import FakeEngine
from support.hand_clock import HandClock

RULES = ErrorRules(RetryPolicy(retries=3), "incident")


class NoWait(Cancellation):
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
        self.lock = TaskLock(self.task.id, "topic", 60, 0, ended=self.ended)
        self._reporter = Reporter(engine, EngineStatus(Metrics(), clock), lambda: 0.5, clock)

    def report(self, outcome: Outcome, rules: ErrorRules = RULES) -> Reported:
        return self._reporter.report(self.task, outcome, self.lock, rules)

    @property
    def error_message(self) -> str:
        """What the engine was told of the task's failure."""
        assert self.kept.error_message is not None
        return self.kept.error_message


@pytest.fixture
def desk(hand_engine: FakeEngine, clock: HandClock) -> Desk:
    return Desk(hand_engine, clock)


def test_an_outcome_is_reported_once(desk: Desk) -> None:
    assert desk.report(Complete({"a": 1})) == Reported("completed", Complete({"a": 1}))
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
        CredentialsUnavailable("no token"),
        UnusableResponse("html", status=404),
        RuntimeError("of a client of the user's"),
    ],
)
def test_a_completion_is_repeated_until_the_engine_takes_it(desk: Desk, error: Exception) -> None:
    desk.engine.fail_next("complete", error, times=8)  # type: ignore[arg-type]  # any error may come up

    assert desk.report(Complete()).result == "completed"
    assert desk.kept.state == "completed"
    assert desk.engine.calls["complete"] == 9


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
    desk.lock.end(LockState.CANCELLED)

    assert desk.report(Complete()).result == "cancelled"
    assert desk.engine.calls["complete"] == 0


def test_a_worker_that_stops_reports_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.engine.fail_next("complete", EngineUnreachable("away"), times=100)
    wait = desk.ended.wait

    def stop_at_third(timeout: float | None = None) -> bool:
        if desk.ended.waits == 2:
            desk.lock.end(LockState.UNLOCKED)
        return wait(timeout)

    monkeypatch.setattr(desk.ended, "wait", stop_at_third)

    assert desk.report(Complete()).result == "unlocked"
    assert desk.engine.calls["complete"] == 3


def test_a_suspended_task_is_left_to_be_given_back(desk: Desk) -> None:
    desk.engine.suspend(desk.task.id)

    assert desk.report(Complete()).result == "suspended"
    assert desk.engine.calls["unlock"] == 0


@pytest.mark.parametrize("outcome", [Complete(), BpmnError("CODE")])
def test_a_task_whose_caller_is_suspended_costs_no_retry(desk: Desk, outcome: Outcome) -> None:
    desk.engine.suspend_caller(desk.task.id)

    assert desk.report(outcome).result == "suspended"
    assert desk.kept.retries is None


def test_callers_that_cannot_be_asked_for_leave_an_error_of_the_engine(desk: Desk) -> None:
    desk.engine.suspend_caller(desk.task.id)
    desk.engine.fail_next("has_suspended_caller", EngineForbidden("no"), times=3)

    assert desk.report(BpmnError("CODE")).result == "failed"
    assert "Propagation of bpmn error CODE failed" in desk.error_message


def test_a_variable_that_cannot_be_sent_is_a_failure_of_the_handler(desk: Desk) -> None:
    report = desk.report(Complete({"price": object()}))

    assert report.result == "failed"
    assert "variable 'price'" in desk.error_message
    assert desk.kept.retries == 3


@pytest.mark.parametrize("raised", [RuntimeError, SystemExit, GeneratorExit])
def test_what_no_program_foresees_in_a_result_is_a_failure_too(
    desk: Desk, raised: type[BaseException]
) -> None:
    class Broken(dict[str, int]):
        def items(self) -> NoReturn:
            raise raised("cannot be read")

    assert desk.report(Complete(Broken(a=1))).result == "failed"
    assert f"the variables cannot be read: {raised.__name__}" in desk.error_message


@pytest.mark.parametrize(
    "outcome", [Complete({"email": "zoe@b.c"}), BpmnError("X", "", {"email": "zoe@b.c"})]
)
def test_a_refusal_names_the_variables_and_shows_no_value(desk: Desk, outcome: Outcome) -> None:
    reason = "Cannot convert value 'zoe@b.c' of type 'Integer'"
    error = BadRequest(f"POST … answered 400: {reason}", status=400, reason=reason)
    for verb in ("complete", "bpmn_error"):
        desk.engine.fail_next(verb, error)

    assert desk.report(outcome).result in {"failed", "incident"}
    assert "Cannot convert value '…' of type 'Integer'; it was sent the variables email" in desk.error_message
    assert "zoe" not in desk.error_message + str(desk.kept.error_details)


def test_a_long_value_that_is_quoted_in_part_is_not_shown(desk: Desk) -> None:
    reason = f"Value too long for column: '{'zoe' * 20}...'"
    desk.engine.fail_next("complete", BadRequest(f"answered 400: {reason}", status=400, reason=reason))

    assert desk.report(Complete({"note": "zoe" * 1000})).result == "failed"
    assert desk.error_message.count("zoe") <= 7


def test_an_error_in_what_follows_the_task_is_a_failure_after_some_tries(desk: Desk) -> None:
    """A condition or a listener behind the task fails in the same transaction as its completion."""
    desk.engine.fail_next(
        "complete",
        EngineServerError("POST … answered 500: Unknown property", status=500, reason="Unknown property"),
        times=100,
    )

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


def test_a_failure_may_set_variables(desk: Desk) -> None:
    assert desk.report(Failure("x", retries=1, variables={"tried": 1})).result == "failed"
    assert desk.kept.variables == {"tried": 1}


@pytest.mark.parametrize("value", [object(), "fine"])
def test_a_failure_whose_variables_are_refused_is_reported_without_them(desk: Desk, value: object) -> None:
    desk.engine.fail_next("failure", BadRequest("no", status=400), times=int(value == "fine"))

    assert desk.report(Failure("x", retries=1, variables={"a": value})).result == "failed"
    assert (desk.kept.variables, desk.error_message) == ({}, "x")


def test_a_failure_waits_for_an_engine_that_has_trouble_itself(desk: Desk) -> None:
    desk.engine.fail_next("failure", EngineServerError("no database", status=500), times=10)

    assert desk.report(Failure("x", retries=1)).result == "failed"


def test_a_report_is_given_up_in_the_end(desk: Desk, clock: HandClock) -> None:
    desk.engine.fail_next("complete", EngineUnreachable("away"), times=10_000)
    desk.engine.fail_next("failure", EngineUnreachable("away"), times=10_000)
    before = clock()

    assert desk.report(Complete()).result == "unreported"
    assert GIVE_UP_SECONDS <= clock() - before < GIVE_UP_SECONDS + 60
