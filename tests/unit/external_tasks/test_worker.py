"""A whole worker with an engine in memory."""

import os
import re
import socket
import threading
from asyncio import CancelledError
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
import urllib3
from external_tasks import (
    BearerAuth,
    BusinessError,
    CredentialsUnavailable,
    EngineClient,
    EngineUnreachable,
    ExternalTask,
    ExternalTasksError,
    HandlerError,
    HealthPortUnavailable,
    RegistrationError,
    RetryPolicy,
    Task,
    TaskRouter,
    TopicSubscription,
    TransientError,
    Worker,
)
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.testing import FakeEngine
from prometheus_client import CollectorRegistry
from support.fixtures import NewWorker

QUICK = RetryPolicy(retries=2, first_seconds=0.02, factor=1, jitter=0)


@pytest.fixture
def workers(engine: FakeEngine) -> Iterator[NewWorker]:
    """Makes workers that are stopped after the test."""
    made: list[Worker] = []

    def make(**settings: Any) -> Worker:
        worker = Worker(engine, **{"poll_seconds": 0.2, "drain_seconds": 5, "retry": QUICK, **settings})
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.stop()


def counted(worker: Worker, topic: str, outcome: str) -> float:
    labels = {"topic": topic, "outcome": outcome}
    return worker.metrics.registry.get_sample_value("external_task_worker_tasks_total", labels) or 0.0


def test_tasks_of_all_topics_are_done(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(slots=3)
    worker.task("double")(lambda number: {"result": 2 * number})
    worker.task("greet")(lambda name: {"greeting": f"hello {name}"})
    doubles = [engine.add_task("double", {"number": number}) for number in range(10)]
    greet = engine.add_task("greet", {"name": "Zoë"})
    other = engine.add_task("not-ours")

    worker.run(once=True)

    assert [task.results for task in doubles] == [{"result": 2 * number} for number in range(10)]
    assert greet.results == {"greeting": "hello Zoë"}
    assert other.state == "open"
    assert all(task.fetched_by == [worker.id] for task in doubles)


def test_no_more_tasks_run_at_once_than_there_are_slots(engine: FakeEngine, workers: NewWorker) -> None:
    worker, lock, running, most = workers(slots=3), threading.Lock(), [0], [0]

    @worker.task("topic")
    def handle(task: Task) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        task.wait(0.01)
        with lock:
            running[0] -= 1

    for _ in range(20):
        engine.add_task("topic")
    worker.run(once=True)

    assert most == [3]


def test_failures_are_tried_again_until_they_succeed(engine: FakeEngine, workers: NewWorker) -> None:
    worker, attempts = workers(), []

    @worker.task("topic")
    def handle(task: Task) -> None:
        attempts.append((task.attempt, task.idempotency_key))
        if task.attempt < 3:
            raise TransientError("not yet")

    task = engine.add_task("topic")
    worker.start()

    assert engine.wait_until(lambda: task.state == "completed")
    assert attempts == [(1, task.id), (2, task.id), (3, task.id)]


def test_used_up_retries_end_as_each_topic_says(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(on_retries_exhausted="bpmn_error")

    def fail() -> None:
        raise RuntimeError("room service is down")

    worker.task("forward")(fail)
    worker.task("undo", on_retries_exhausted="incident")(fail)
    forward, undo = engine.add_task("forward"), engine.add_task("undo")
    worker.start()

    assert engine.wait_until(lambda: forward.state == "bpmn_error" and undo.has_incident)
    assert (forward.error_code, forward.error_message) == (
        "TASK_ERROR",
        f"RuntimeError in fail (test_worker.py, line {fail.__code__.co_firstlineno + 1})",
    )
    assert len(undo.fetched_by) == 3


def test_a_business_error_takes_the_modelled_way(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()

    @worker.task("topic")
    def handle() -> None:
        raise BusinessError("NO_ROOM", "none is free", {"tried": 3})

    task = engine.add_task("topic")
    worker.run(once=True)

    assert (task.error_code, task.error_message, task.results) == ("NO_ROOM", "none is free", {"tried": 3})


def test_a_result_that_cannot_be_sent_is_a_failure(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(retry=RetryPolicy(retries=0))
    worker.task("topic")(lambda: {"price": object()})
    task = engine.add_task("topic")

    worker.run(once=True)

    assert task.has_incident
    assert "'price'" in (task.error_message or "")


def test_a_long_task_keeps_its_lock(engine: FakeEngine, workers: NewWorker) -> None:
    first, second = workers(lock_seconds=2), workers(lock_seconds=2)

    def handle() -> None:
        engine.wait_until(lambda: engine.calls["extend_lock"] >= 3)

    first.task("topic")(handle)
    second.task("topic")(handle)
    task = engine.add_task("topic")
    first.start()
    second.start()

    assert engine.wait_until(lambda: task.state == "completed")
    assert len(task.fetched_by) == 1
    assert engine.calls["extend_lock"] >= 3


def test_a_handler_notices_that_its_task_is_gone(engine: FakeEngine, workers: NewWorker) -> None:
    worker, started, noticed = workers(lock_seconds=0.1), threading.Event(), threading.Event()

    @worker.task("topic")
    def handle(task: Task) -> None:
        started.set()
        if task.wait(10):
            noticed.set()

    task = engine.add_task("topic")
    worker.start()
    assert started.wait(5)
    engine.cancel(task.id)

    assert noticed.wait(5)
    worker.stop()
    assert counted(worker, "topic", "cancelled") == 1
    assert engine.calls["complete"] == 0


def test_a_stop_lets_running_tasks_end(engine: FakeEngine, workers: NewWorker) -> None:
    worker, started = workers(), threading.Event()

    @worker.task("topic")
    def handle(task: Task) -> None:
        started.set()
        task.wait(0.3)

    task = engine.add_task("topic")
    worker.start()
    assert started.wait(5)

    assert worker.stop()
    assert task.state == "completed"


def test_a_stop_unlocks_what_does_not_end_in_time(engine: FakeEngine, workers: NewWorker) -> None:
    worker, started, release = workers(drain_seconds=0.1), threading.Event(), threading.Event()
    told: list[bool] = []

    @worker.task("topic")
    def handle(task: Task) -> dict[str, str]:
        started.set()
        release.wait(10)
        told.append(task.cancelled)
        return {"by": "one"}

    task = engine.add_task("topic")
    worker.start()
    assert started.wait(5)

    assert not worker.stop()
    assert task.worker_id is None
    other = workers()
    other.task("topic")(lambda: {"by": "two"})
    other.run(once=True)
    release.set()

    assert engine.wait_until(lambda: counted(worker, "topic", "unlocked") == 1)
    assert told == [True]
    assert task.results == {"by": "two"}


def test_a_completion_is_repeated_while_the_engine_is_away(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: {"done": True})
    task = engine.add_task("topic")
    engine.fail_next("complete", EngineUnreachable("away"), times=2)

    worker.run(once=True)

    assert task.results == {"done": True}
    assert len(task.fetched_by) == 1


def test_run_ends_when_stop_is_called_elsewhere(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    engine.wait_until(lambda: engine.calls["fetch_and_lock"] > 0)
    worker.stop()
    thread.join(10)

    assert not thread.is_alive()


def test_once_raises_when_the_engine_is_away(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    engine.fail_next("fetch_and_lock", EngineUnreachable("away"))

    with pytest.raises(EngineUnreachable):
        worker.run(once=True)


def test_a_worker_without_handlers_does_not_start(workers: NewWorker) -> None:
    with pytest.raises(RegistrationError, match="no topic"):
        workers().start()


def test_a_worker_starts_once(workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    worker.start()

    with pytest.raises(ExternalTasksError, match="once"):
        worker.start()


def test_handlers_may_come_from_a_router(engine: FakeEngine, workers: NewWorker) -> None:
    router = TaskRouter()

    @router.task("topic")
    def handle() -> dict[str, bool]:
        return {"done": True}

    worker = workers()
    worker.include(router)
    task = engine.add_task("topic")
    worker.run(once=True)

    assert task.results == {"done": True}


def test_every_worker_has_an_id_of_its_own(engine: FakeEngine) -> None:
    first, second = Worker(engine, name="pod-1"), Worker(engine, name="pod-1")

    assert first.id.rpartition(":")[0] == "pod-1"
    assert len(first.id.rpartition(":")[2]) == 8
    assert first.id != second.id


@pytest.mark.parametrize(
    "setting",
    [
        {"slots": 0},
        {"slots": 2.5},
        {"slots": "8"},
        {"slots": True},
        {"async_slots": 0},
        {"async_slots": "200"},
        {"poll_seconds": 0},
        {"poll_seconds": 1801},
        {"poll_seconds": float("nan")},
        {"lock_seconds": 0},
        {"lock_seconds": 0.0001},
        {"lock_seconds": float("inf")},
        {"lock_seconds": "60"},
        {"drain_seconds": -1},
        {"drain_seconds": None},
        {"name": ""},
        {"retry": 3},
        {"on_retries_exhausted": "incidents"},
        {"middleware": print},
        {"middleware": "trace"},
        {"middleware": [None]},
        {"middleware": [lambda: None]},
        {"middleware": [lambda task: task]},
        {"middleware": 5},
        {"cordon_file": ""},
        {"use_priority": "false"},
        {"full_tracebacks": 1},
        {"health_port": "8090"},
        {"health_port": -1},
        {"health_host": None},
    ],
)
def test_settings_that_cannot_be_used_are_refused(engine: FakeEngine, setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        Worker(engine, **setting)


def test_middleware_may_come_from_a_generator(engine: FakeEngine, workers: NewWorker) -> None:
    seen: list[str] = []

    def trace(task: Task, call_next: Any) -> Any:
        seen.append(task.topic)
        return call_next(task)

    worker = workers(middleware=(each for each in [trace]))
    worker.task("topic")(lambda: None)
    engine.add_task("topic")
    worker.run(once=True)

    assert seen == ["topic"]


def test_each_task_is_logged_in_one_line_without_its_variables(
    engine: FakeEngine, workers: NewWorker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "external_tasks.runtime.runner")
    worker = workers(retry=RetryPolicy(retries=0))

    @worker.task("topic")
    def handle(email: str) -> dict[str, str]:
        if email == "bad":
            raise ValueError(good.variables["email"])
        return {"seen": email}

    good = engine.add_task("topic", {"email": "secret@b.c"}, business_key="R1")
    engine.add_task("topic", {"email": "bad"})
    worker.run(once=True)

    lines = {record.__dict__["outcome"]: record for record in caplog.records}
    assert set(lines) == {"completed", "incident"}
    fields = lines["completed"].__dict__
    assert {name: fields[name] for name in ("topic", "task_id", "business_key", "worker_id", "attempt")} == {
        "topic": "topic",
        "task_id": good.id,
        "business_key": "R1",
        "worker_id": worker.id,
        "attempt": 1,
    }
    assert fields["process_instance_id"] == good.process_instance_id
    assert fields["seconds"] >= 0
    place = f"handle (test_worker.py, line {handle.__code__.co_firstlineno + 3})"
    assert lines["incident"].getMessage() == f"task incident: ValueError in {place}"
    assert lines["incident"].__dict__["traceback"].endswith("ValueError\n")
    assert "secret" not in caplog.text + str([record.__dict__ for record in caplog.records])


def test_probes_follow_the_workers_life(engine: FakeEngine, workers: NewWorker) -> None:
    worker, started, release = workers(health_port=0, slots=1), threading.Event(), threading.Event()

    @worker.task("topic")
    def handle() -> None:
        started.set()
        release.wait(10)

    def probe(path: str) -> int:
        url = f"http://127.0.0.1:{worker.health_port}{path}"
        return urllib3.request("GET", url, timeout=5, retries=False).status

    engine.add_task("topic")
    worker.start()
    assert started.wait(5)
    assert [probe("/livez"), probe("/readyz"), probe("/metrics")] == [200, 200, 200]

    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker._runtime is not None
    assert worker._runtime._stop.wait(5)
    assert [probe("/livez"), probe("/readyz")] == [200, 503]
    release.set()
    stopping.join(10)


def test_a_cordoned_worker_ends_what_it_has_takes_no_more_and_then_says_so(
    engine: FakeEngine, workers: NewWorker, tmp_path: Path
) -> None:
    file = tmp_path / "cordoned-until"
    file.touch()
    worker, started, release = workers(cordon_file=file, slots=2), threading.Event(), threading.Event()

    @worker.task("topic")
    def handle() -> None:
        started.set()
        release.wait(10)

    first = engine.add_task("topic")
    worker.start()
    runtime = worker._runtime
    assert runtime is not None
    assert started.wait(5)
    file.write_text("2999-01-01T00:00:00Z")
    assert engine.wait_until(lambda: runtime.lanes[0]._poll_loop.resting)
    second = engine.add_task("topic")
    assert runtime.why_not_ready() == ""  # a pod at work has to stay ready: those that are not go first

    release.set()
    assert engine.wait_until(lambda: runtime.why_not_ready() == "cordoned, and no task is running")
    assert runtime.why_not_alive() == ""
    assert [first.state, second.state] == ["completed", "open"]

    file.write_text("")
    assert engine.wait_until(lambda: second.state == "completed")
    assert runtime.why_not_ready() == ""


def test_an_engine_that_was_never_reached_is_not_ready_but_alive(
    engine: FakeEngine, workers: NewWorker
) -> None:
    engine.fail_next("fetch_and_lock", EngineUnreachable("away"), times=1000)
    worker = workers(health_port=0)
    worker.task("topic")(lambda: None)
    worker.start()
    runtime = worker._runtime
    assert runtime is not None
    assert engine.wait_until(lambda: engine.calls["fetch_and_lock"] > 1)

    assert runtime.why_not_ready() == "engine not reached yet"
    assert runtime.why_not_alive() == ""


@pytest.mark.parametrize("loop", ["fetch", "fetch-retries", "lock-renewer"])
def test_each_loop_that_stalls_is_noticed(engine: FakeEngine, workers: NewWorker, loop: str) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    worker.start()
    runtime = worker._runtime
    assert runtime is not None
    assert runtime.why_not_alive() == ""

    runtime.lanes[0]._loops[loop] = Heartbeat(iter([0.0, 10**9, 10**9]).__next__)

    assert runtime.why_not_alive() == f"loop {loop} stalled for 1000000000 s"


def test_a_thread_that_has_ended_is_noticed(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    worker.start()
    runtime = worker._runtime
    assert runtime is not None
    ended = threading.Thread(name="fetch-extra")
    ended.start()
    ended.join(5)
    runtime.lanes[0]._threads.append(ended)

    assert runtime.why_not_alive() == "thread fetch-extra has ended"


def test_a_task_in_a_suspended_process_pauses_and_is_done_when_that_goes_on(
    engine: FakeEngine, workers: NewWorker
) -> None:
    """The engine gives it out again and again, as the task itself is not suspended."""
    worker, runs = workers(lock_seconds=30), []

    @worker.task("topic")
    def handle(task: Task) -> None:
        runs.append(task.retries)

    task = engine.add_task("topic")
    engine.suspend_caller(task.id)
    worker.start()
    assert engine.wait_until(lambda: counted(worker, "topic", "suspended") == 2, 10)
    assert task.worker_id == worker.id
    assert len(runs) == 2

    engine.suspend_caller(task.id, suspended=False)

    assert engine.wait_until(lambda: task.state == "completed", 20)
    assert runs == [None] * 3


def test_a_stop_in_a_handler_lets_its_own_task_end(engine: FakeEngine, workers: NewWorker) -> None:
    worker, answers = workers(), []

    @worker.task("topic")
    def handle() -> dict[str, bool]:
        answers.append(worker.stop())
        return {"done": True}

    task = engine.add_task("topic")
    worker.run()

    assert answers == [False]
    assert task.results == {"done": True}
    assert worker.stop()


@pytest.mark.parametrize("once", [True, False])
def test_a_token_that_cannot_be_had_for_a_while_is_an_outage(
    engine: FakeEngine,
    workers: NewWorker,
    once: bool,  # noqa: FBT001 - the parameter
) -> None:
    worker, runs = workers(lock_seconds=0.3), []

    @worker.task("topic")
    def handle(task: Task) -> None:
        runs.append(1)
        for verb in ("extend_lock", "complete"):
            engine.fail_next(verb, CredentialsUnavailable("identity provider unreachable"), times=2)
        task.wait(0.5)

    task = engine.add_task("topic")
    if once:
        worker.run(once=True)
    else:
        worker.start()

    assert engine.wait_until(lambda: task.state == "completed", 20)
    assert runs == [1]


ENDS = [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), CancelledError()]
"""What is no `Exception`, and may come out of an engine of the user's all the same."""


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("verb", ["fetch_and_lock", "complete", "extend_lock"])
def test_nothing_that_an_engine_raises_ends_a_thread_of_the_worker(
    engine: FakeEngine, workers: NewWorker, verb: str, error: BaseException
) -> None:
    worker, runs = workers(slots=1, lock_seconds=0.3), []

    @worker.task("topic")
    def handle(task: Task) -> None:
        runs.append(task.id)
        task.wait(0.3)

    tasks = [engine.add_task("topic") for _ in range(2)]
    engine.fail_next(verb, error, times=2)  # type: ignore[arg-type]  # any error may come up
    worker.start()

    assert engine.wait_until(lambda: all(task.state == "completed" for task in tasks), 20)
    assert len(runs) == 2
    assert worker.stop()


def test_a_token_function_that_ends_the_program_is_an_outage() -> None:
    def ending() -> str:
        raise SystemExit(1)

    def cancelled() -> str:
        raise CancelledError

    for function in (ending, cancelled):
        with pytest.raises(CredentialsUnavailable, match="BearerAuth gave no credentials"):
            EngineClient("http://127.0.0.1:9", auth=BearerAuth(function)).count_external_tasks()
        with pytest.raises(CredentialsUnavailable, match="the function for the header X gave none"):
            EngineClient("http://127.0.0.1:9", headers={"X": function}).count_external_tasks()


def _failing() -> float:
    raise ValueError("no number")


@pytest.mark.parametrize(
    "random",
    [_failing, lambda: "x", lambda: None, lambda: float("nan"), lambda: -1e9, lambda: 1e300],
    ids=["raises", "text", "None", "nan", "negative", "huge"],
)
@pytest.mark.parametrize("verb", ["fetch_and_lock", "complete"])
def test_delays_that_cannot_be_spread_stop_nothing(
    engine: FakeEngine, workers: NewWorker, verb: str, random: Any
) -> None:
    worker = workers(random=random)
    worker.task("topic")(lambda: None)
    engine.fail_next(verb, EngineUnreachable("away"), times=2)
    task = engine.add_task("topic")
    worker.start()

    assert engine.wait_until(lambda: task.state == "completed", 5)


@pytest.mark.parametrize(
    "error", [RuntimeError("of a client of the user's"), CredentialsUnavailable("no token"), *ENDS]
)
def test_once_raises_whatever_a_fetch_raises(
    engine: FakeEngine, workers: NewWorker, error: BaseException
) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    engine.fail_next("fetch_and_lock", error)  # type: ignore[arg-type]  # any error may come up

    with pytest.raises(type(error)):
        worker.run(once=True)


class OddEngine(FakeEngine):
    """Gives out, once, a task of a topic that nobody asked for."""

    odd = True

    def fetch_and_lock(self, worker_id: str, *args: Any, **options: Any) -> list[ExternalTask]:
        if self.odd:
            self.odd = False
            return [ExternalTask("odd", "another", worker_id, {})]
        return super().fetch_and_lock(worker_id, *args, **options)


def test_a_topic_that_nobody_asked_for_costs_no_slot() -> None:
    engine = OddEngine()
    worker = Worker(engine, slots=1, poll_seconds=0.2)
    worker.task("topic")(lambda: None)
    worker.start()
    task = engine.add_task("topic")

    assert engine.wait_until(lambda: task.state == "completed")
    worker.stop()
    assert not engine.odd


class CaselessEngine(FakeEngine):
    """Takes topics for the same that differ by case, as a database may."""

    def fetch_and_lock(
        self, worker_id: str, topics: Sequence[TopicSubscription], max_tasks: int, **options: Any
    ) -> list[ExternalTask]:
        lower = [replace(topic, topic=topic.topic.lower()) for topic in topics]
        return super().fetch_and_lock(worker_id, lower, max_tasks, **options)


def test_a_task_of_a_topic_that_differs_by_case_is_not_fetched_again_and_again() -> None:
    engine = CaselessEngine()
    worker = Worker(engine, poll_seconds=0.05)
    worker.task("Topic")(lambda: None)
    task = engine.add_task("topic")
    worker.start()

    # Its lock lasts for the pause, so that the polls in between find nothing.
    assert engine.wait_until(lambda: engine.calls["extend_lock"] == 1)
    before = engine.calls["fetch_and_lock"]
    assert engine.wait_until(lambda: engine.calls["fetch_and_lock"] >= before + 3)
    assert engine.calls["extend_lock"] <= 2
    assert engine.calls["unlock"] == 0
    assert task.state == "open"
    worker.stop()


@pytest.mark.parametrize(
    "value",
    ["120", "soon", float("nan"), float("inf"), True, object()],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_cannot_be_used_is_refused_where_it_is_made(
    engine: FakeEngine, workers: NewWorker, value: Any
) -> None:
    worker = workers(retry=RetryPolicy(retries=0))

    @worker.task("topic")
    def handle() -> None:
        raise TransientError("busy", retry_after=value)

    task = engine.add_task("topic")
    worker.run(once=True)

    assert task.has_incident
    assert (task.error_message or "").startswith("ValueError in number (checks.py")


class BrokenError(BusinessError):
    """An exception of which nothing works."""

    def __init__(self) -> None:
        """Set nothing."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class WithoutTextError(Exception):
    """An exception whose text fails."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class EndingError(Exception):
    """An exception whose text ends the program."""

    def __str__(self) -> str:
        raise SystemExit(3)


class OwnEndingError(HandlerError):
    """The same for one that is raised on purpose."""

    def __str__(self) -> str:
        raise GeneratorExit


class EndingCauseError(Exception):
    """An exception that cannot say what led to it."""

    @property
    def __cause__(self) -> NoReturn:  # type: ignore[override]
        raise KeyboardInterrupt


class Nameless(type):
    """The class of a class that cannot say where it is from."""

    @property
    def __module__(cls) -> NoReturn:  # type: ignore[override]
        raise SystemExit(3)


class NamelessError(Exception, metaclass=Nameless):
    """An exception whose type has no name."""


@pytest.mark.parametrize("full_tracebacks", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        BrokenError(),
        WithoutTextError(),
        TransientError("x"),
        EndingError(),
        OwnEndingError(),
        EndingCauseError(),
        NamelessError(),
    ],
    ids=["broken", "no text", "no number", "ending", "own ending", "no cause", "nameless"],
)
def test_judging_an_exception_never_fails(
    engine: FakeEngine,
    workers: NewWorker,
    error: Exception,
    full_tracebacks: bool,  # noqa: FBT001 - the parameter
) -> None:
    worker = workers(retry=RetryPolicy(retries=0), full_tracebacks=full_tracebacks)
    if isinstance(error, TransientError):
        error.retry_after = "soon"  # type: ignore[assignment]  # set by force

    @worker.task("topic")
    def handle() -> None:
        raise error

    task = engine.add_task("topic")
    worker.run(once=True)

    assert task.has_incident
    assert counted(worker, "topic", "incident") == 1


def test_a_handler_that_comes_too_late_is_refused(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers()
    worker.task("topic")(lambda: None)
    worker.start()

    with pytest.raises(RegistrationError, match="'late' comes too late"):
        worker.task("late")(lambda: None)


def test_two_workers_may_share_a_registry(engine: FakeEngine) -> None:
    registry = CollectorRegistry()
    workers = [Worker(engine, registry=registry, slots=slots, drain_seconds=0) for slots in (2, 3)]
    for number, worker in enumerate(workers):
        worker.task(f"topic-{number}")(lambda: None)
        worker.start()

    def slots() -> float | None:
        return registry.get_sample_value("external_task_worker_slots")

    assert slots() == 5
    workers[0].stop()
    assert slots() == 3
    workers[1].stop()


class CountingEngine(FakeEngine):
    """Counts the connections that are reserved."""

    reserved = 0

    def reserve_connections(self, count: int) -> None:
        self.reserved += count

    def release_connections(self, count: int) -> None:
        self.reserved -= count


def test_connections_are_reserved_by_the_sum_and_given_back() -> None:
    engine = CountingEngine()
    workers = [Worker(engine, slots=1, poll_seconds=0.2) for _ in range(20)]
    for worker in workers:
        worker.task("topic")(lambda: None)
        worker.start()

    assert engine.reserved >= 20 * 3
    for worker in workers:
        worker.stop()
    assert engine.reserved == 0


def test_a_forked_child_does_not_stop_the_parents_worker(engine: FakeEngine, workers: NewWorker) -> None:
    worker, release = workers(), threading.Event()
    worker.task("topic")(lambda: release.wait(10) and None)
    task = engine.add_task("topic")
    worker.start()
    assert engine.wait_until(lambda: task.worker_id == worker.id)
    child = os.fork()
    if child == 0:
        os._exit(int(worker.stop()))

    assert os.waitpid(child, 0)[1] == 0
    release.set()
    assert engine.wait_until(lambda: task.state == "completed")


def test_a_health_port_that_is_taken_leaves_nothing_behind() -> None:
    engine = CountingEngine()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        worker = Worker(engine, health_port=port, health_host="127.0.0.1", drain_seconds=0)
        worker.task("topic")(lambda: None)
        with pytest.raises(OSError, match="in use"):
            worker.start()
    assert engine.reserved == 0

    # The port is free by now.
    worker.start()
    assert worker.health_port == port
    worker.stop()

    assert engine.reserved == 0


@pytest.mark.parametrize("port", [65_536, -1, True, "8090", 80.0])
def test_what_is_no_port_is_refused(engine: FakeEngine, port: Any) -> None:
    with pytest.raises(ValueError, match="health_port must be a port, a number from 0 to 65535"):
        Worker(engine, health_port=port)


@pytest.mark.parametrize("host", ["a" * 70, "x..y", "a\x00b"])
def test_a_host_that_cannot_be_served_at_is_named(engine: FakeEngine, host: str) -> None:
    worker = Worker(engine, health_port=0, health_host=host)
    worker.task("topic")(lambda: None)

    with pytest.raises(HealthPortUnavailable, match=f"served at port 0 of {re.escape(host)}"):
        worker.start()


def test_a_worker_that_was_made_before_a_fork_has_an_id_of_its_own_in_the_child(engine: FakeEngine) -> None:
    worker = Worker(engine, name="pod-1")
    ours = worker.id
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, worker.id.encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)

    assert theirs.startswith("pod-1:")
    assert theirs != ours == worker.id


def test_metrics_may_live_in_a_registry_of_the_users(engine: FakeEngine) -> None:
    registry = CollectorRegistry()

    assert Worker(engine, registry=registry).metrics.registry is registry


def test_what_follows_used_up_retries_can_be_read_and_not_set(engine: FakeEngine) -> None:
    worker = Worker(engine, on_retries_exhausted="bpmn_error")

    assert (Worker(engine).on_retries_exhausted, worker.on_retries_exhausted) == ("incident", "bpmn_error")
    with pytest.raises(AttributeError):
        worker.on_retries_exhausted = "incident"  # type: ignore[misc]


class SlowToStart(FakeEngine):
    """Keeps the start of a second kind of handlers waiting until the first kind has stopped the worker."""

    def __init__(self) -> None:
        super().__init__()
        self._starts = 0
        self.reserved = 0

    def reserve_connections(self, count: int) -> None:
        self._starts += 1
        if self._starts == 2:
            assert self.wait_until(lambda: bool(_threads("stop")), 10)
            for thread in _threads("stop"):
                # It ends here only if it does not wait for the start, as it has to.
                thread.join(0.5)
        self.reserved += count

    def release_connections(self, count: int) -> None:
        self.reserved -= count


def _threads(name: str) -> list[threading.Thread]:
    # One that is about to start is listed too, and cannot be joined yet.
    return [thread for thread in threading.enumerate() if thread.name == name and thread.is_alive()]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_handler_that_stops_the_worker_while_it_still_starts_ends_it() -> None:
    engine = SlowToStart()
    task = engine.add_task("plain")
    worker = Worker(engine, poll_seconds=0.1, drain_seconds=5)

    @worker.task("plain")
    def plain() -> None:
        worker.stop()

    @worker.task("async")
    async def on_loop() -> None: ...

    running = threading.Thread(target=worker.run, daemon=True)
    running.start()
    running.join(20)

    assert not running.is_alive()
    assert task.state == "completed"
    assert worker.stop()
    assert engine.reserved == 0


class NoRoom(FakeEngine):
    """Refuses the second kind of handlers, as when the process may not have more threads."""

    def __init__(self) -> None:
        super().__init__()
        self.reserved: list[int] = []

    def reserve_connections(self, count: int) -> None:
        if self.reserved:
            raise RuntimeError("can't start new thread")
        self.reserved.append(count)

    def release_connections(self, count: int) -> None:
        self.reserved.append(-count)


@pytest.mark.parametrize("once", [False, True])
def test_a_worker_whose_start_fails_half_way_takes_no_more_tasks(once: bool) -> None:  # noqa: FBT001 - a case
    engine = NoRoom()
    worker = Worker(engine, poll_seconds=0.1, drain_seconds=5)

    @worker.task("plain")
    def plain() -> None: ...

    @worker.task("async")
    async def on_loop() -> None: ...

    with pytest.raises(RuntimeError, match="can't start new thread"):
        worker.run(once=once)

    assert sum(engine.reserved) == 0
    assert worker.stop()
    task = engine.add_task("plain")
    assert not engine.wait_until(lambda: task.state != "open", 0.5)
