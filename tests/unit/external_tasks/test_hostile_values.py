"""Whatever handlers and settings hold, a task ends as something, and the fault is named where it is made."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from external_tasks import (
    Backoff,
    BadRequest,
    BasicAuth,
    BearerAuth,
    BpmnError,
    BusinessError,
    CircuitBreaker,
    EngineClient,
    Failure,
    File,
    OAuth2ClientCredentials,
    Rate,
    RegistrationError,
    RetryPolicy,
    TaskRouter,
    TransientError,
    Typed,
    UnusableResponse,
    VariableError,
    Worker,
)
from external_tasks.handlers.outcomes import ErrorRules
from external_tasks.testing import FakeEngine
from support.http_stub import Answer, HttpStub, http_stub

QUICK = RetryPolicy(retries=1, first_seconds=0.01, factor=1, jitter=0)
HALF = "\ud800"
"""Half a surrogate pair, as `os.fsdecode` makes of a file name that is not UTF-8."""


@pytest.fixture
def http() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


def done(engine: FakeEngine, handler: Callable[[], Any], **settings: Any) -> Any:
    """Let a worker do one task."""
    task = engine.add_task("topic")
    worker = Worker(engine, **{"retry": QUICK, "poll_seconds": 0.1, **settings})
    worker.task("topic")(handler)
    worker.run(once=True)
    return task


class Silent:
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class SilentText(str):
    """A text that can be sent, and not be shown."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("value", [SilentText("gold"), Typed(SilentText("gold"), "String")])
def test_a_refused_value_that_cannot_be_shown_still_ends_the_task(engine: FakeEngine, value: Any) -> None:
    engine.fail_next("complete", BadRequest("no", reason="it cannot be stored"), times=2)

    task = done(engine, lambda: {"article": value})

    assert task.has_incident
    assert task.error_message.startswith("the engine refused the outcome: it cannot be stored")


class BrokenPolicy(RetryPolicy):
    """A policy of a user's with a mistake in it."""

    def delay(self, *_: object) -> float:
        raise ZeroDivisionError


class WrongPolicy(RetryPolicy):
    """A policy of a user's that gives what is no number of seconds."""

    def delay(self, *_: object) -> float:
        return math.nan


def broken_random() -> float:
    raise ZeroDivisionError


def fail() -> None:
    raise ValueError("gold")


@pytest.mark.parametrize("settings", [{"retry": BrokenPolicy()}, {"retry": WrongPolicy()}])
def test_a_policy_that_fails_makes_an_incident_that_says_so(
    engine: FakeEngine, settings: dict[str, Any]
) -> None:
    task = done(engine, fail, **settings)

    assert task.has_incident
    assert task.error_message.startswith("ValueError in fail (test_hostile_values.py, line ")
    assert "; and the retry policy failed: " in task.error_message
    assert "gold" not in task.error_message


def test_a_policy_that_fails_for_an_async_handler_frees_its_slot(engine: FakeEngine) -> None:
    async def fail_later() -> None:
        raise ValueError("gold")

    task = done(engine, fail_later, retry=BrokenPolicy(), async_slots=1)

    assert task.has_incident


def test_judging_keeps_to_its_promise() -> None:
    outcome = ErrorRules(BrokenPolicy(), "incident").judge(ValueError("gold"), None, broken_random)

    assert isinstance(outcome, Failure)
    assert outcome.retries == 0


@pytest.mark.parametrize(
    "variables",
    [
        {f"a{HALF}": 1},
        {"a": File(f"a{HALF}.txt", b"")},
        {"a": Typed("x", "Object", {"form": {1, 2}})},
        {"a": Typed("x", "Object", {"form": Silent()})},
    ],
)
def test_what_no_request_can_hold_is_the_variables_fault(
    engine: FakeEngine, http: HttpStub, variables: dict[str, Any]
) -> None:
    http.answer(Answer(204))
    with EngineClient(http.url) as client, pytest.raises(VariableError, match="variable 'a"):
        client.complete("t1", "w", variables)

    task = done(engine, lambda: variables)

    assert task.has_incident
    assert "variable 'a" in task.error_message


@pytest.mark.parametrize("text", [f"a{HALF}", "a\x00"])
def test_texts_that_no_engine_stores_are_refused_where_they_are_given(text: str) -> None:
    makers: tuple[Callable[[], object], ...] = (
        lambda: BpmnError(text),
        lambda: BusinessError(text),
        lambda: Worker(FakeEngine(), name=text),
        lambda: TaskRouter().task(text),
        lambda: TaskRouter().task("topic", variables=[text]),
        lambda: TaskRouter().task("topic", business_key=text),
        lambda: TaskRouter().task("topic", process_variables={"a": text}),
        lambda: TaskRouter().task("topic", process_variables={text: 1}),
    )
    for make in makers:
        with pytest.raises((ValueError, RegistrationError), match="no database stores"):
            make()


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**63])
def test_a_filter_that_no_variable_can_equal_is_refused(value: Any) -> None:
    with pytest.raises(RegistrationError, match="process_variables must be"):
        TaskRouter().task("topic", process_variables={"a": value})


@pytest.mark.parametrize("make", [lambda: RetryPolicy(retries=2**31), lambda: Failure("no", retries=2**31)])
def test_more_retries_than_the_engine_counts_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(
        ValueError, match="retries must be a whole number of 0 or more and at most 2147483647"
    ):
        make()


HUGE = 10**400
"""An int that is larger than any float."""


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("retry_after", lambda: TransientError("busy", retry_after=HUGE)),
        ("retry_seconds", lambda: Failure("no", retry_seconds=HUGE)),
        ("retries", lambda: Failure("no", retries=10**5000)),
        ("per_second", lambda: Rate(per_second=HUGE)),
        ("burst", lambda: Rate(per_second=1, burst=HUGE)),
        ("factor", lambda: CircuitBreaker(factor=HUGE)),
        ("first_seconds", lambda: Backoff(first_seconds=HUGE)),
        ("lock_seconds", lambda: Worker(FakeEngine(), lock_seconds=HUGE)),
        ("slots", lambda: Worker(FakeEngine(), slots=10**9)),
        ("async_slots", lambda: Worker(FakeEngine(), async_slots=HUGE)),
        ("max_tasks", lambda: TaskRouter().task("topic", max_tasks=HUGE)),
    ],
)
def test_a_number_that_is_too_large_is_refused_by_its_name(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises((ValueError, RegistrationError), match=f"{name} must be a") as caught:
        make()
    assert len(str(caught.value)) < 500


class Unshowable:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


def test_a_value_that_cannot_be_shown_is_refused_by_its_type() -> None:
    with pytest.raises(ValueError, match=r"retry_after must be .*, not an unreadable Unshowable$"):
        TransientError("busy", retry_after=Unshowable())  # type: ignore[arg-type]  # that is the case


@pytest.mark.parametrize(
    "make",
    [
        lambda secret: BasicAuth("user", secret),
        lambda secret: BearerAuth(secret).authorization(),
        lambda secret: OAuth2ClientCredentials("http://provider/token", "client", secret),
        lambda secret: OAuth2ClientCredentials("http://provider/token", "client", secret, send_secret="body"),
    ],
)
def test_a_secret_that_cannot_be_sent_is_in_no_error(make: Callable[[str], Any]) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        make("hunter2\udc80")

    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in repr(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cordon_file", 5),
        ("drain_seconds", 1e10),
        ("name", "x" * 201),
        ("random", 0.5),
        ("registry", "prometheus"),
    ],
)
def test_a_setting_that_would_fail_later_is_refused_by_its_name(
    engine: FakeEngine, setting: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"^{setting} must be"):
        Worker(engine, **{setting: value})


@pytest.mark.parametrize("engine", [None, "http://localhost:8080/engine-rest", EngineClient])
def test_what_is_no_engine_is_refused(engine: Any) -> None:
    with pytest.raises(ValueError, match=r"^engine must be an engine, e\.g\. EngineClient\("):
        Worker(engine)


def test_a_time_that_no_socket_can_wait_is_refused() -> None:
    with pytest.raises(ValueError, match="timeout must be a number of seconds greater than 0 and at most"):
        EngineClient("http://localhost:8080/engine-rest", timeout=1e12)


def test_what_is_no_router_is_not_included(engine: FakeEngine) -> None:
    with pytest.raises(RegistrationError, match="include takes a TaskRouter, not module"):
        Worker(engine).include(pytest)  # type: ignore[arg-type]


def test_a_router_that_cannot_be_included_changes_nothing(engine: FakeEngine) -> None:
    worker, router = Worker(engine), TaskRouter()
    worker.task("taken")(fail)
    for topic in ("new", "taken"):
        router.task(topic)(fail)

    with pytest.raises(RegistrationError, match="'taken' has a handler already"):
        worker.include(router)
    assert list(worker.registrations) == ["taken"]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>welcome</html>"])
def test_an_answer_that_is_not_the_engines_sets_no_retries_and_sends_no_signal(
    http: HttpStub, body: bytes
) -> None:
    http.answer(Answer(200, body), Answer(200, body))
    with EngineClient(http.url) as client:
        with pytest.raises(UnusableResponse, match=r"PUT .* answered 200 where an engine answers 204"):
            client.set_retries("t1", 1)
        with pytest.raises(UnusableResponse, match=r"POST .* answered 200 where an engine answers 204"):
            client.signal("Closed")


def test_a_cordon_may_be_named_by_a_text(engine: FakeEngine, tmp_path: Path) -> None:
    Worker(engine, cordon_file=str(tmp_path / "cordon"))  # type: ignore[arg-type]
