from typing import Any

import pytest
from external_tasks import (
    BpmnError,
    BusinessError,
    Complete,
    Failure,
    MissingVariable,
    PermanentError,
    RetryPolicy,
    TransientError,
)
from external_tasks.model import TopicSubscription
from external_tasks.outcomes import DETAILS_LIMIT, ErrorRules, Exhausted, from_result, label, send
from external_tasks.testing import FakeEngine


def judge(error: BaseException, retries: int | None = None, exhausted: Exhausted = "incident") -> Any:
    return ErrorRules(RetryPolicy(retries=2, first_seconds=10, factor=3), exhausted).judge(
        error, retries, lambda: 0.5
    )


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (None, Complete()),
        ({"a": 1}, Complete({"a": 1})),
        ({}, Complete({})),
        (Complete(local_variables={"a": 1}), Complete({}, {"a": 1})),
        (BpmnError("CODE"), BpmnError("CODE")),
        (Failure("no", retries=1), Failure("no", retries=1)),
    ],
)
def test_what_a_handler_returns_is_its_outcome(result: Any, outcome: Any) -> None:
    assert from_result(result) == outcome


def test_a_result_of_any_other_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not str"):
        from_result("done")


def test_a_business_error_is_a_bpmn_error_whatever_the_retries() -> None:
    error = BusinessError("NO_ROOM", "none is free", {"tried": 3})

    assert judge(error, retries=0) == BpmnError("NO_ROOM", "none is free", {"tried": 3})


def test_a_business_error_without_a_message_says_its_code() -> None:
    assert judge(BusinessError("NO_ROOM")) == BpmnError("NO_ROOM", "NO_ROOM")


@pytest.mark.parametrize(("retries", "left", "seconds"), [(None, 2, 10), (2, 1, 30)])
def test_an_exception_is_a_failure_with_one_retry_less_and_a_longer_delay(
    retries: int | None, left: int, seconds: float
) -> None:
    outcome = judge(ValueError("broken"), retries)

    assert outcome == Failure("ValueError: broken", outcome.details, left, seconds)


def raised() -> ValueError:
    try:
        int("x")
    except ValueError as error:
        return error
    raise AssertionError("never")


def test_a_failure_has_the_traceback_as_details() -> None:
    details = judge(raised()).details

    assert "in raised" in details
    assert details.rstrip().endswith("invalid literal for int() with base 10: 'x'")


def test_long_texts_are_cut_to_what_the_engine_keeps() -> None:
    outcome = judge(ValueError("x" * 100_000))

    assert len(outcome.message) == 666
    assert len(outcome.details) == DETAILS_LIMIT


def test_a_transient_error_may_name_the_time_of_its_retry() -> None:
    assert judge(TransientError("busy", retry_after=90)).retry_seconds == 90
    assert judge(TransientError("busy", retry_after=-5)).retry_seconds == 0
    assert judge(TransientError("busy")).retry_seconds == 10


@pytest.mark.parametrize("error", [ValueError("x"), TransientError("x"), SystemExit(1)])
def test_used_up_retries_are_an_incident(error: BaseException) -> None:
    outcome = judge(error, retries=1)

    assert isinstance(outcome, Failure)
    assert outcome.retries == 0
    assert label(outcome) == "incident"


def test_used_up_retries_are_a_bpmn_error_where_the_topic_says_so() -> None:
    assert judge(TransientError("room service is down"), 1, "bpmn_error") == BpmnError(
        "TASK_ERROR", "room service is down"
    )


@pytest.mark.parametrize("error", [PermanentError("never"), MissingVariable("email is not set")])
def test_a_permanent_error_is_not_tried_again(error: PermanentError) -> None:
    assert judge(error) == Failure(str(error), judge(error).details, 0, 0)


def test_texts_that_no_database_stores_do_not_keep_a_failure_from_being_reported() -> None:
    engine = FakeEngine()
    task = engine.add_task("topic")
    engine.fetch_and_lock("worker", [TopicSubscription("topic")], 1)

    send(engine, task.id, "worker", judge(ValueError("half \ud800 and \x00")))

    assert task.error_message == "ValueError: half ? and \ufffd"


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Complete(), "completed"),
        (BpmnError("X"), "bpmn_error"),
        (Failure("x", retries=1), "failed"),
        (Failure("x", retries=0), "incident"),
    ],
)
def test_each_outcome_has_a_name(outcome: Any, name: str) -> None:
    assert label(outcome) == name


def test_outcomes_reach_the_engine() -> None:
    engine = FakeEngine(clock=lambda: 100.0)
    done, error, failed = (engine.add_task("topic") for _ in range(3))
    engine.fetch_and_lock("worker", [TopicSubscription("topic")], 3)

    send(engine, done.id, "worker", Complete({"a": 1}, {"b": 2}))
    send(engine, error.id, "worker", BpmnError("CODE", "why", {"c": 3}))
    send(engine, failed.id, "worker", Failure("no", "trace", 2, 1.5))

    assert (done.state, done.results, done.local_results) == ("completed", {"a": 1}, {"b": 2})
    assert (error.state, error.error_code, error.error_message) == ("bpmn_error", "CODE", "why")
    assert error.results == {"c": 3}
    assert (failed.retries, failed.error_message, failed.error_details) == (2, "no", "trace")
    assert failed.lock_expires == 101.5
