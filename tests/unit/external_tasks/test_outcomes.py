from typing import Any

import pytest
from external_tasks import (
    BpmnError,
    BusinessError,
    Complete,
    Failure,
    MissingVariable,
    PermanentError,
    Rate,
    RetryPolicy,
    TransientError,
)
from external_tasks.engine.model import TopicSubscription
from external_tasks.handlers.outcomes import ErrorRules, OnRetriesExhausted, from_result, label, send
from external_tasks.testing import FakeEngine


def judge(
    error: BaseException, retries: int | None = None, exhausted: OnRetriesExhausted = "incident"
) -> Any:
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


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("done", "a dict of variables, an outcome or None, not str"),
        (True, "a dict of variables, an outcome or None, not bool"),
        ([{"a": 1}], "a dict of variables, an outcome or None, not list"),
        (BusinessError("NO_ROOM", "none is free"), "an outcome or None, not BusinessError"),
        ({1: "a"}, "variables must have names that are texts and not empty, not int"),
        ({"": "a"}, "variables must have names that are texts and not empty"),
    ],
)
def test_a_result_that_cannot_be_an_outcome_is_refused_with_words(result: Any, said: str) -> None:
    with pytest.raises(PermanentError, match=said) as refused:
        from_result(result)

    # No other try would end otherwise, and the incident has the words.
    outcome = judge(refused.value, retries=3)
    assert isinstance(outcome, Failure)
    assert outcome.retries == 0
    assert said in outcome.message


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

    assert outcome == Failure("ValueError", outcome.details, left, seconds)


def raised(text: str = "zoe@example.com") -> Exception:
    """Return what was raised while an intended error was handled, whose cause holds a value."""
    try:
        call_service(text)
    except TransientError:
        try:
            [][int(text)]
        except ValueError as error:
            return error
    raise AssertionError("never")


def call_service(text: str) -> None:
    try:
        int(text)
    except ValueError as error:
        raise TransientError("the room service is busy") from error


def test_an_unexpected_error_sends_types_and_places_and_no_text_but_what_was_meant_for_others() -> None:
    outcome = judge(raised())

    assert outcome.message.startswith("ValueError in raised (test_outcomes.py, line ")
    assert "in call_service" in outcome.details
    assert "[][int(text)]" in outcome.details
    assert "TransientError: the room service is busy" in outcome.details
    assert outcome.details.rstrip().endswith("ValueError")
    assert "zoe" not in outcome.details + outcome.message


def test_full_tracebacks_are_sent_where_the_worker_says_so() -> None:
    rules = ErrorRules(RetryPolicy(), "incident", full_tracebacks=True)
    outcome = rules.judge(raised(), None, lambda: 0.5)

    assert isinstance(outcome, Failure)
    assert outcome.message.endswith("'zoe@example.com'")
    assert "'zoe@example.com'" in outcome.details


@pytest.mark.parametrize(
    "error", [TransientError("busy"), PermanentError("never"), MissingVariable("email is not set")]
)
def test_an_intended_error_sends_its_own_message_only(error: Exception) -> None:
    error.__cause__ = raised()
    outcome = judge(error)

    assert (outcome.message, outcome.details) == (str(error), "")


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("zoe@example.com", [ValueError("zoe@example.com")]),
        SyntaxError("bad", ("zoe@example.com", 1, 1, "zoe@example.com")),
        KeyError("zoe@example.com"),
        OSError(2, "no such file", "zoe@example.com"),
    ],
)
def test_no_kind_of_exception_shows_a_value(error: Exception) -> None:
    error.add_note("zoe@example.com")
    outcome = judge(error)

    assert "zoe" not in outcome.message + outcome.details
    assert type(error).__name__ in outcome.message


def test_an_endless_chain_of_causes_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert judge(first).details.count("ValueError") == 2


def test_long_texts_are_cut_to_what_the_engine_keeps() -> None:
    outcome = judge(TransientError("x" * 100_000))

    assert len(outcome.message) == 666


def test_a_transient_error_may_name_the_time_of_its_retry() -> None:
    assert judge(TransientError("busy", retry_after=90)).retry_seconds == 90
    assert judge(TransientError("busy", retry_after=-5)).retry_seconds == 0
    assert judge(TransientError("busy")).retry_seconds == 10


def untyped(kind: Any) -> Any:
    """Return a class without its types: wrong arguments are the point."""
    return kind


@pytest.mark.parametrize(
    "make",
    [
        lambda: untyped(BusinessError)(""),
        lambda: untyped(BusinessError)(None),
        lambda: untyped(BusinessError)("X", 7),
        lambda: untyped(BusinessError)("X", "", ["a"]),
        lambda: untyped(BusinessError)("X", "", {"": 1}),
        lambda: untyped(TransientError)("x", retry_after="120"),
        lambda: untyped(TransientError)("x", retry_after=10**12),
        lambda: untyped(BpmnError)(""),
        lambda: untyped(BpmnError)("X", None),
        lambda: untyped(Complete)([("a", 1)]),
        lambda: untyped(Complete)({1: 2}),
        lambda: untyped(Complete)(local_variables="a"),
        lambda: untyped(Failure)(None),
        lambda: untyped(Failure)("x", retries=-1),
        lambda: untyped(Failure)("x", retries=1.5),
        lambda: untyped(Failure)("x", retry_seconds=float("nan")),
        lambda: untyped(Failure)("x", retry_seconds="3"),
        lambda: untyped(RetryPolicy)(retries="3"),
        lambda: untyped(RetryPolicy)(retries=True),
        lambda: untyped(RetryPolicy)(first_seconds=float("inf")),
        lambda: untyped(RetryPolicy)(factor="3"),
        lambda: untyped(RetryPolicy)(jitter=1.1),
        lambda: untyped(RetryPolicy)(max_seconds=None),
        lambda: untyped(Rate)(per_second=0),
        lambda: untyped(Rate)(per_second="5"),
        lambda: untyped(Rate)(per_second=float("nan")),
        lambda: untyped(Rate)(per_second=5, burst=0),
    ],
)
def test_values_are_checked_where_they_are_made(make: Any) -> None:
    with pytest.raises(ValueError, match=" must "):
        make()


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

    send(engine, task.id, "worker", judge(TransientError("half \ud800 and \x00")))

    assert task.error_message == "half ? and \ufffd"


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
