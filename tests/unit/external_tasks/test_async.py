"""Async handlers beside plain ones, on an engine in memory."""

import asyncio
import contextvars
import functools
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from external_tasks import (
    BpmnError,
    BusinessError,
    Complete,
    Failure,
    File,
    RegistrationError,
    RetryPolicy,
    Task,
    TransientError,
    Worker,
)
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.testing import FakeEngine, FakeTask, run_task
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


async def double(number: int) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"result": 2 * number}


class Handlers:
    async def method(self, number: int) -> dict[str, int]:
        return await double(number)

    @staticmethod
    async def static(number: int) -> dict[str, int]:
        return await double(number)

    @classmethod
    async def of_class(cls, number: int) -> dict[str, int]:
        return await double(number)

    async def __call__(self, number: int) -> dict[str, int]:
        return await double(number)


async def double_of(factor: int, number: int) -> dict[str, int]:
    return {"result": factor * number}


def traced(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(handler)
    async def wrapper(*arguments: Any, **named: Any) -> Any:
        return await handler(*arguments, **named)

    return wrapper


@pytest.mark.parametrize(
    "handler",
    [
        double,
        Handlers().method,
        Handlers.static,
        Handlers.of_class,
        Handlers(),
        partial(double),
        partial(partial(double_of), 2),
        partial(Handlers().method),
        traced(double),
    ],
)
def test_async_callables_of_every_kind_are_handlers(
    engine: FakeEngine, workers: NewWorker, handler: Callable[..., Any]
) -> None:
    worker, task = workers(), engine.add_task("double", {"number": 4})
    worker.task("double")(handler)

    worker.run(once=True)

    assert (task.state, task.results) == ("completed", {"result": 8})
    assert run_task(handler, {"number": 4}) == Complete({"result": 8})


async def numbers(number: int) -> AsyncIterator[int]:
    yield number


@pytest.mark.parametrize("handler", [numbers, partial(numbers)])
def test_an_async_generator_is_refused(workers: NewWorker, handler: Callable[..., Any]) -> None:
    with pytest.raises(RegistrationError, match=r"numbers.*is a generator: use `return`, not `yield`"):
        workers().task("double")(handler)


def returns_a_coroutine(number: int) -> Any:
    return double(number)


@functools.wraps(double)
def wrapped_by_a_plain_function(*arguments: Any, **named: Any) -> Any:
    return double(*arguments, **named)


@functools.wraps(double)
def run_by_a_plain_function(*arguments: Any, **named: Any) -> Any:
    return asyncio.run(double(*arguments, **named))


@pytest.mark.parametrize("handler", [returns_a_coroutine, wrapped_by_a_plain_function])
def test_a_plain_function_that_returns_a_coroutine_is_an_incident_that_says_so(
    engine: FakeEngine, workers: NewWorker, handler: Callable[..., Any]
) -> None:
    worker, task = workers(), engine.add_task("double", {"number": 4})
    worker.task("double")(handler)

    worker.run(once=True)

    assert task.has_incident
    assert task.error_message == (
        "the handler of 'double' is a plain function and returned a coroutine, which nothing awaits: "
        "define it with `async def`"
    )


def test_a_plain_function_may_run_a_coroutine_itself() -> None:
    assert run_task(run_by_a_plain_function, {"number": 4}) == Complete({"result": 8})


def test_plain_and_async_handlers_work_in_one_worker(engine: FakeEngine, workers: NewWorker) -> None:
    worker, threads = workers(slots=2, async_slots=50), set[str]()
    most, running = 0, 0

    @worker.task("plain")
    def plain(number: int) -> dict[str, int]:
        threads.add(threading.current_thread().name)
        engine.add_task("async", {"number": number})
        return {"result": number}

    @worker.task("async")
    async def later(number: int) -> dict[str, int]:
        nonlocal most, running
        threads.add(threading.current_thread().name)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        if number == 0:
            engine.add_task("plain", {"number": 1000})
        return {"result": number}

    for number in range(40):
        engine.add_task("plain", {"number": number})
        engine.add_task("async", {"number": number + 1})
    worker.run(once=True)

    assert {task.state for task in engine.tasks} == {"completed"}
    assert len(engine.tasks) == 122
    assert all(task.results == {"result": task.variables["number"]} for task in engine.tasks)
    assert most > 2
    assert threads == {"slot-0", "slot-1", "event-loop"}


def test_no_more_async_tasks_run_at_once_than_there_are_async_slots(
    engine: FakeEngine, workers: NewWorker
) -> None:
    worker, running, most = workers(async_slots=3), 0, 0

    @worker.task("topic")
    async def handle() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    for _ in range(20):
        engine.add_task("topic")
    worker.run(once=True)

    assert most == 3


def test_full_slots_of_one_kind_keep_no_task_of_the_other_waiting(
    engine: FakeEngine, workers: NewWorker
) -> None:
    worker, release = workers(slots=1, async_slots=2), threading.Event()
    worker.task("plain")(lambda: release.wait(60) and None)

    @worker.task("async")
    async def handle() -> None:
        await asyncio.sleep(0)

    for _ in range(5):
        engine.add_task("plain")
    worker.start()
    assert engine.wait_until(lambda: any(task.lock_expires for task in engine.tasks))

    quick = [engine.add_task("async") for _ in range(20)]

    assert engine.wait_until(lambda: all(task.state == "completed" for task in quick))
    assert [task.state for task in engine.tasks].count("open") == 5
    release.set()


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (BusinessError("NONE_LEFT", "sold"), "bpmn_error"),
        (ValueError("secret"), "open"),
        (SystemExit(3), "open"),
    ],
)
def test_what_an_async_handler_raises_ends_its_task_alone(
    engine: FakeEngine, workers: NewWorker, error: BaseException, state: str
) -> None:
    worker, task = workers(), engine.add_task("raises")

    @worker.task("raises")
    async def raises() -> None:
        await asyncio.sleep(0)
        raise error

    worker.task("double")(double)
    worker.start()
    assert engine.wait_until(lambda: task.has_incident or task.state != "open")
    other = engine.add_task("double", {"number": 1})

    assert engine.wait_until(lambda: other.state == "completed")
    assert task.state == state
    assert "secret" not in (task.error_message or "") + (task.error_details or "")


def test_an_exit_in_a_task_of_a_handler_does_not_end_the_loop(
    engine: FakeEngine, workers: NewWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = workers()

    @worker.task("exits")
    async def exits() -> None:
        async def leave() -> None:
            raise SystemExit(3)

        await asyncio.wait([asyncio.create_task(leave())])

    worker.task("double")(double)
    engine.add_task("exits")
    worker.start()
    assert engine.wait_until(lambda: "an asyncio task of a handler raised SystemExit" in caplog.text)

    other = engine.add_task("double", {"number": 1})

    assert engine.wait_until(lambda: other.state == "completed")


def test_failures_are_tried_again_until_they_succeed(engine: FakeEngine, workers: NewWorker) -> None:
    worker, attempts = workers(), list[int]()

    @worker.task("topic")
    async def handle(task: Task) -> None:
        attempts.append(task.attempt)
        if task.attempt < 3:
            raise TransientError("not yet")

    task = engine.add_task("topic")
    worker.start()

    assert engine.wait_until(lambda: task.state == "completed")
    assert attempts == [1, 2, 3]


def test_a_cancelled_task_cancels_its_async_handler(engine: FakeEngine, workers: NewWorker) -> None:
    worker, ended, began = workers(lock_seconds=0.4), list[str](), threading.Event()

    @worker.task("topic")
    async def handle(task: Task) -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(f"cancelled: {task.cancelled}")
            raise

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)
    engine.cancel(task.id)

    assert engine.wait_until(lambda: ended == ["cancelled: True"])
    assert engine.wait_until(lambda: _counted(worker, "topic", "cancelled") == 1)
    assert engine.calls["complete"] == engine.calls["failure"] == 0


def test_a_lost_lock_cancels_its_async_handler(engine: FakeEngine, workers: NewWorker) -> None:
    worker, began = workers(lock_seconds=0.4), threading.Event()

    @worker.task("topic")
    async def handle() -> None:
        began.set()
        await asyncio.sleep(60)

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)
    task.lock("another", time.monotonic() + 60)

    assert engine.wait_until(lambda: _counted(worker, "topic", "lost") == 1)
    assert task.worker_id == "another"


def test_wait_async_tells_an_asyncio_task_of_the_handler_that_it_is_cancelled(
    engine: FakeEngine, workers: NewWorker
) -> None:
    worker, began, told = workers(lock_seconds=0.4), threading.Event(), list[bool]()
    kept: list[asyncio.Task[None]] = []

    @worker.task("topic")
    async def handle(task: Task) -> None:
        assert await task.wait_async(0.001) is False

        async def watch() -> None:
            told.append(await task.wait_async(60))

        kept.append(asyncio.create_task(watch()))
        began.set()
        await asyncio.sleep(60)

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)
    engine.cancel(task.id)

    assert engine.wait_until(lambda: told == [True])


def test_a_long_async_task_keeps_its_lock(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(lock_seconds=0.3)

    @worker.task("topic")
    async def handle() -> None:
        await asyncio.sleep(1)

    task = engine.add_task("topic")
    worker.run(once=True)

    assert task.state == "completed"
    assert len(task.fetched_by) == 1
    assert engine.calls["extend_lock"] >= 3


def test_a_stop_lets_running_async_tasks_end(engine: FakeEngine, workers: NewWorker) -> None:
    worker, began, release = workers(), threading.Event(), threading.Event()

    @worker.task("topic")
    async def handle() -> None:
        began.set()
        await asyncio.to_thread(release.wait, 60)

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)
    threading.Timer(0.1, release.set).start()

    assert worker.stop() is True
    assert task.state == "completed"


def test_a_stop_cancels_and_unlocks_what_does_not_end_in_time(engine: FakeEngine, workers: NewWorker) -> None:
    worker, began, cleaned = workers(drain_seconds=0.1), threading.Event(), threading.Event()

    @worker.task("topic")
    async def handle() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.set()

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)

    assert worker.stop() is False
    assert cleaned.is_set()
    assert (task.state, task.worker_id) == ("open", None)


def test_a_stop_in_an_async_handler_lets_its_own_task_end(engine: FakeEngine, workers: NewWorker) -> None:
    worker, task = workers(), engine.add_task("topic")

    @worker.task("topic")
    async def handle() -> None:
        assert worker.stop() is False

    worker.run()

    assert task.state == "completed"


def test_messages_and_signals_have_an_async_form(engine: FakeEngine, workers: NewWorker) -> None:
    paid, opened = engine.expect_message("Paid", business_key="R1"), engine.expect_signal("Opened")
    worker = workers(retry=RetryPolicy(retries=0))

    @worker.task("tell")
    async def tell(task: Task) -> dict[str, Any]:
        sent = [
            await task.engine.correlate_async("Paid", business_key="R1", variables={"amount": 4}),
            await task.engine.signal_async("Opened", variables={"by": "Ann"}),
        ]
        return {"repeated": [each.repeated for each in sent]}

    @worker.task("block")
    async def block(task: Task) -> None:
        task.engine.correlate("Paid", business_key="R1")

    @worker.task("blare")
    async def blare(task: Task) -> None:
        task.engine.signal("Opened")

    task, wrong = engine.add_task("tell"), [engine.add_task(topic) for topic in ("block", "blare")]
    worker.run(once=True)

    assert task.results == {"repeated": [False, False]}
    assert [got["amount"] for got in paid.got] == [4]
    assert [got["by"] for got in opened.got] == ["Ann"]
    for each, name in zip(wrong, ("task.engine.correlate", "task.engine.signal"), strict=True):
        assert each.error_message == (
            f"{name} blocks the event loop of all async handlers: use await {name}_async"
        )


def test_blocking_calls_are_refused_on_the_loop_and_have_an_async_form(
    engine: FakeEngine, workers: NewWorker
) -> None:
    worker = workers(retry=RetryPolicy(retries=0))

    @worker.task("wait")
    async def wait(task: Task) -> None:
        task.wait(1)

    @worker.task("read")
    async def read(task: Task) -> None:
        task.read_file("letter")

    @worker.task("right")
    async def right(task: Task) -> dict[str, Any]:
        content = await task.read_file_async("letter")
        in_thread = await asyncio.to_thread(task.read_file, "letter")
        return {"length": len(content), "same": content == in_thread}

    letter = {"letter": File("letter.txt", b"Dear guest")}
    wrong = [engine.add_task(topic, letter) for topic in ("wait", "read")]
    task = engine.add_task("right", letter)
    worker.run(once=True)

    assert [task.error_message for task in wrong] == [
        "task.wait blocks the event loop of all async handlers: use await task.wait_async",
        "task.read_file blocks the event loop of all async handlers: use await task.read_file_async",
    ]
    assert task.results == {"length": 10, "same": True}


def test_a_handler_that_blocks_the_loop_is_logged_counted_and_in_the_end_not_alive(
    engine: FakeEngine, workers: NewWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker, release = workers(), threading.Event()

    @worker.task("topic")
    async def hog() -> None:
        release.wait(60)

    engine.add_task("topic")
    worker.start()
    try:
        assert engine.wait_until(lambda: "the event loop is blocked" in caplog.text, 15)
    finally:
        release.set()

    message = next(r.getMessage() for r in caplog.records if "is blocked" in r.getMessage())
    assert "in hog (test_async.py, line" in message
    assert engine.wait_until(lambda: "the event loop was blocked for" in caplog.text)
    blocks = worker.metrics.registry.get_sample_value("external_task_worker_event_loop_blocks_total")
    assert blocks == 1

    runtime = worker._runtime
    assert runtime is not None
    assert runtime.why_not_alive() == ""
    runtime.lanes[0]._loops["event-loop"] = Heartbeat(iter([0.0, 99.0, 99.0]).__next__)
    assert runtime.why_not_alive() == "loop event-loop stalled for 99 s"


def test_what_nothing_awaits_is_logged_without_its_text(
    engine: FakeEngine, workers: NewWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker = workers()

    @worker.task("topic")
    async def handle() -> None:
        asyncio.get_running_loop().call_soon(_raise_secret)
        await asyncio.sleep(0.01)

    engine.add_task("topic")
    worker.run(once=True)

    assert "an exception that nothing awaited: ValueError in _raise_secret" in caplog.text
    assert "Zoë's" not in caplog.text


def _raise_secret() -> None:
    raise ValueError("Zoë's address")


def test_slots_of_both_kinds_are_in_the_metrics(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(slots=3, async_slots=40)
    worker.task("plain")(lambda: None)
    worker.task("double")(double)
    worker.start()
    value = worker.metrics.registry.get_sample_value

    assert value("external_task_worker_slots") == 43
    assert engine.wait_until(lambda: value("external_task_worker_free_slots") == 43)


def test_each_kind_has_an_id_with_the_workers_name(engine: FakeEngine, workers: NewWorker) -> None:
    worker = workers(name="pod-1")
    worker.task("plain")(lambda: None)
    worker.task("double")(double)
    plain, later = engine.add_task("plain"), engine.add_task("double", {"number": 1})
    worker.run(once=True)

    assert plain.fetched_by == [worker.id]
    assert later.fetched_by == [f"{worker.id}-async"]
    assert later.fetched_by[0].rpartition(":")[0] == "pod-1"


NAME = contextvars.ContextVar("NAME", default="")


def note(name: str, seen: list[str]) -> Callable[..., Any]:
    def middleware(task: Task, call_next: Callable[[Task], Any]) -> Any:
        seen.append(f"{name} before")
        NAME.set(NAME.get() + name)
        result = call_next(task)
        seen.append(f"{name} after")
        return {**result, name: "seen"}

    return middleware


def note_async(name: str, seen: list[str]) -> Callable[..., Any]:
    async def middleware(task: Task, call_next: Callable[[Task], Any]) -> Any:
        seen.append(f"{name} before")
        NAME.set(NAME.get() + name)
        await asyncio.sleep(0)
        result = await call_next(task)
        seen.append(f"{name} after")
        return {**result, name: "seen"}

    return middleware


@pytest.mark.parametrize("kinds", ["pp", "aa", "pa", "ap", "pap", "apa", "aapp", "apap"])
@pytest.mark.parametrize("handler_is_async", [False, True])
def test_middleware_of_either_kind_wraps_handlers_of_either_kind(
    engine: FakeEngine, workers: NewWorker, kinds: str, *, handler_is_async: bool
) -> None:
    seen: list[str] = []
    make = {"p": note, "a": note_async}
    chain = [make[kind](f"{kind}{number}", seen) for number, kind in enumerate(kinds)]
    names = [f"{kind}{number}" for number, kind in enumerate(kinds)]
    worker = workers(middleware=chain)

    def plain() -> dict[str, str]:
        seen.append("handler")
        return {"context": NAME.get()}

    async def later() -> dict[str, str]:
        await asyncio.sleep(0)
        seen.append("handler")
        return {"context": NAME.get()}

    worker.task("topic")(later if handler_is_async else plain)
    task = engine.add_task("topic")
    worker.run(once=True)

    before, after = [f"{name} before" for name in names], [f"{name} after" for name in reversed(names)]
    assert seen == [*before, "handler", *after]
    assert task.results == {"context": "".join(names)} | dict.fromkeys(names, "seen")


@pytest.mark.parametrize("make", [note, note_async])
def test_a_cancelled_task_is_cancelled_behind_middleware_too(
    engine: FakeEngine, workers: NewWorker, make: Callable[..., Any]
) -> None:
    worker, began, ended = (
        workers(lock_seconds=0.4, middleware=[make("m", [])]),
        threading.Event(),
        list[str](),
    )

    @worker.task("topic")
    async def handle() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("handler")

    task = engine.add_task("topic")
    worker.start()
    assert began.wait(5)
    engine.cancel(task.id)

    assert engine.wait_until(lambda: _counted(worker, "topic", "cancelled") == 1)
    assert ended == ["handler"]


@pytest.mark.parametrize("handler_is_async", [False, True])
@pytest.mark.parametrize("make", [note, note_async])
def test_what_a_handler_raises_goes_through_middleware(
    make: Callable[..., Any], *, handler_is_async: bool
) -> None:
    engine = FakeEngine()
    worker = Worker(engine, middleware=[make("m", [])], poll_seconds=0.2)

    def plain() -> None:
        raise BusinessError("NONE_LEFT", "sold")

    async def later() -> None:
        raise BusinessError("NONE_LEFT", "sold")

    worker.task("topic")(later if handler_is_async else plain)
    task = engine.add_task("topic")
    worker.run(once=True)

    assert (task.state, task.error_code) == ("bpmn_error", "NONE_LEFT")


def test_variables_that_middleware_asks_for_are_fetched(engine: FakeEngine, workers: NewWorker) -> None:
    seen: list[Any] = []

    def trace(task: Task, call_next: Callable[[Task], Any]) -> Any:
        seen.append(task.variables.get("traceparent"))
        return call_next(task)

    trace.variables = ("traceparent",)  # type: ignore[attr-defined]
    worker = workers(middleware=[trace])
    worker.task("double")(double)
    engine.add_task("double", {"number": 1, "traceparent": "00-1-2-01", "other": 3})
    worker.run(once=True)

    assert seen == ["00-1-2-01"]


def test_variables_of_middleware_that_are_no_list_are_refused(engine: FakeEngine) -> None:
    def trace(task: Task, call_next: Callable[[Task], Any]) -> Any:
        return call_next(task)

    trace.variables = "traceparent"  # type: ignore[attr-defined]

    with pytest.raises(ValueError, match=r"middleware: variables of .* must be a list of texts"):
        Worker(engine, middleware=[trace])


def test_run_task_runs_async_handlers() -> None:
    async def sold(task: Task) -> None:
        await task.wait_async(0.001)
        raise BusinessError("NONE_LEFT", "sold")

    async def cancelled(task: Task) -> dict[str, bool]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return {"cancelled": task.cancelled}
        return {}

    async def raises() -> None:
        raise ValueError("secret")

    assert run_task(sold) == BpmnError("NONE_LEFT", "sold")
    assert run_task(cancelled, cancelled=True) == Complete({"cancelled": True})
    outcome = run_task(raises)
    assert isinstance(outcome, Failure)
    assert outcome.message.startswith("ValueError in raises")


def test_run_task_works_inside_a_running_loop() -> None:
    async def test() -> Any:
        return run_task(double, {"number": 2})

    assert asyncio.run(test()) == Complete({"result": 4})


def test_async_handlers_begin_with_the_context_of_the_start_and_keep_theirs_apart(
    engine: FakeEngine, workers: NewWorker
) -> None:
    worker, seen = workers(), list[str]()
    NAME.set("start ")

    @worker.task("topic")
    async def handle(number: int) -> None:
        NAME.set(NAME.get() + str(number))
        await asyncio.sleep(0.01)
        seen.append(NAME.get())

    for number in range(3):
        engine.add_task("topic", {"number": number})
    worker.run(once=True)
    NAME.set("")

    assert sorted(seen) == ["start 0", "start 1", "start 2"]


def test_a_limit_of_a_topic_holds_for_async_handlers(engine: FakeEngine, workers: NewWorker) -> None:
    worker, running, most = workers(async_slots=20), 0, 0

    @worker.task("topic", max_tasks=2)
    async def handle() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    tasks: list[FakeTask] = [engine.add_task("topic") for _ in range(8)]
    worker.start()

    assert engine.wait_until(lambda: all(task.state == "completed" for task in tasks))
    assert most == 2


def _counted(worker: Worker, topic: str, outcome: str) -> float:
    labels = {"topic": topic, "outcome": outcome}
    return worker.metrics.registry.get_sample_value("external_task_worker_tasks_total", labels) or 0.0


@pytest.fixture(autouse=True)
def _all_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="external_tasks")
