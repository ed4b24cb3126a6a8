"""A program's own logging may fail; tasks go on."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from external_tasks import EngineUnreachable, RetryPolicy, TransientError, Worker, safe_logging
from external_tasks.safe_logging import SafeLogger
from external_tasks.testing import FakeEngine

QUICK = RetryPolicy(retries=2, first_seconds=0.01, factor=1, jitter=0)


@pytest.fixture
def broken_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A handler whose filter fails, as one that asks for what a record does not have; gives what it met."""
    met: list[str] = []
    monkeypatch.setattr(safe_logging, "_told", set())
    package, handler = logging.getLogger("external_tasks"), logging.StreamHandler(StringIO())

    def fail(record: logging.LogRecord) -> bool:
        met.append(f"{record.module}: {record.getMessage()}")
        return bool(record.no_such_request_id)  # type: ignore[attr-defined]

    handler.addFilter(fail)
    level = package.level
    package.addHandler(handler)
    package.setLevel(logging.DEBUG)
    yield met
    package.removeHandler(handler)
    package.setLevel(level)


def test_plain_and_async_tasks_end_although_logging_fails(
    engine: FakeEngine, broken_logging: list[str]
) -> None:
    worker = Worker(engine, slots=1, async_slots=1, retry=QUICK, poll_seconds=0.1)

    @worker.task("plain")
    def plain(number: int) -> None:
        if number == 0:
            raise TransientError("not now")

    @worker.task("async")
    async def on_loop(number: int) -> None:
        if number == 0:
            raise ValueError("gold")

    tasks = [engine.add_task(topic, {"number": n}) for topic in ("plain", "async") for n in (1, 0, 2)]
    worker.start()
    try:
        assert engine.wait_until(
            lambda: all(task.state == "completed" or task.has_incident for task in tasks), 20
        )
    finally:
        worker.stop()

    assert [task.state for task in tasks].count("completed") == 4
    assert "runner: task completed" in broken_logging


def test_an_outage_ends_although_logging_fails(engine: FakeEngine, broken_logging: list[str]) -> None:
    engine.fail_next("fetch_and_lock", EngineUnreachable("reset"))
    engine.fail_next("complete", EngineUnreachable("reset"))
    task = engine.add_task("topic")
    worker = Worker(engine, slots=1, poll_seconds=0.1)
    worker.task("topic")(lambda: None)
    worker.start()
    try:
        assert engine.wait_until(lambda: task.state == "completed", 20)
    finally:
        worker.stop()

    assert "engine_status: engine available again" in broken_logging


def test_a_fault_of_logging_is_said_once(
    broken_logging: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = SafeLogger("external_tasks.some.part")
    for text in ("one", "two"):
        logger.warning(text)

    assert broken_logging == ["test_logging: one", "test_logging: two"]
    said = capsys.readouterr().err
    assert said.startswith(
        "external_tasks: lines are lost, as the program's logging fails: AttributeError in"
    )
    assert said.count("\n") == 1
