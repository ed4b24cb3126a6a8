"""The fetch loop, step by step."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest
from external_tasks import EngineOverloaded, EngineUnreachable, ExternalTask, TopicSubscription
from external_tasks.cordon import Cordon
from external_tasks.due import DueRetries
from external_tasks.errors import EngineError, EngineUnauthorized
from external_tasks.fetching import Fetcher, FetchPlan
from external_tasks.locks import LockKeeper
from external_tasks.metrics import Metrics
from external_tasks.orphans import Orphans
from external_tasks.slots import Pace, Slots
from external_tasks.status import EngineStatus
from external_tasks.testing import FakeEngine


class RecordingEngine(FakeEngine):
    """Remembers what each fetch asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, int]] = []
        self.before_fetch: Callable[[int], object] = lambda _wait_ms: None

    def fetch_and_lock(
        self,
        worker_id: str,
        topics: Sequence[TopicSubscription],
        max_tasks: int,
        *,
        wait_ms: int = 0,
        use_priority: bool = False,
    ) -> list[ExternalTask]:
        self.asked.append((max_tasks, wait_ms))
        self.before_fetch(wait_ms)
        return super().fetch_and_lock(
            worker_id, topics, max_tasks, wait_ms=wait_ms, use_priority=use_priority
        )


class Loop:
    """A fetcher whose tasks end when the test says so."""

    def __init__(self, slots: int, poll_seconds: float = 5.0, cordon_file: Path | None = None) -> None:
        self.engine = RecordingEngine()
        self.slots = Slots(slots)
        self.due = DueRetries()
        self.metrics = Metrics()
        self.stop = Event()
        self.started: list[ExternalTask] = []
        self.refuse: set[str] = set()
        self.fetcher = Fetcher(
            self.engine,
            FetchPlan("pod:1", [TopicSubscription("topic")], poll_seconds),
            slots=self.slots,
            pace=Pace(),
            due=self.due,
            start=self.start,
            status=EngineStatus(self.metrics),
            metrics=self.metrics,
            random=lambda: 0.0,
            orphans=Orphans(self.engine, "pod:1", LockKeeper(self.engine, "pod:1", self.metrics), self.due),
            cordon=Cordon(cordon_file),
        )

    def start(self, task: ExternalTask) -> bool:
        if task.id in self.refuse:
            return False
        self.started.append(task)
        return True

    def run(self, *, fetches: int) -> None:
        """Run the loop until it has fetched so often."""
        before = len(self.engine.asked)

        def count(_wait_ms: int) -> None:
            if len(self.engine.asked) >= before + fetches:
                self.stop.set()

        self.engine.before_fetch = count
        self.fetcher.run(self.stop)
        self.engine.before_fetch = lambda _wait_ms: None
        self.stop.clear()


def test_the_first_fetch_does_not_wait_so_that_readiness_is_soon_known() -> None:
    loop = Loop(slots=3, poll_seconds=0.05)
    loop.run(fetches=2)

    assert loop.engine.asked == [(3, 0), (3, 50)]


def test_a_fetch_asks_for_the_free_slots_only() -> None:
    loop = Loop(slots=3, poll_seconds=0.01)
    loop.engine.add_task("topic")
    loop.run(fetches=2)

    assert [asked for asked, _ in loop.engine.asked] == [3, 2]
    assert len(loop.started) == 1


def test_a_full_worker_does_not_fetch() -> None:
    loop = Loop(slots=1)
    for _ in range(2):
        loop.engine.add_task("topic")
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()
    assert loop.engine.wait_until(lambda: len(loop.started) == 1)
    fetches = len(loop.engine.asked)
    threading.Event().wait(0.1)
    assert len(loop.engine.asked) == fetches

    loop.slots.release()

    assert loop.engine.wait_until(lambda: len(loop.started) == 2)
    loop.stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_poll_ends_when_a_retry_falls_due() -> None:
    loop = Loop(slots=1)
    loop.run(fetches=1)
    loop.due.add("t", 0.5)
    loop.run(fetches=1)

    _, wait_ms = loop.engine.asked[-1]
    assert 400 <= wait_ms <= 700


def test_a_retry_that_falls_due_during_a_poll_is_fetched_beside_it() -> None:
    """The engine wakes no pending fetch for a retry, and a poll that was sent cannot be changed."""
    loop = Loop(slots=2)
    threads = [
        threading.Thread(target=run, args=(loop.stop,))
        for run in (loop.fetcher.run, loop.fetcher.run_for_retries)
    ]
    task = loop.engine.add_task("topic")
    for thread in threads:
        thread.start()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2 and len(loop.started) == 1)

    loop.engine.failure(task.id, "pod:1", message="", details="", retries=1, retry_timeout_ms=100)
    loop.slots.release()
    loop.due.add(task.id, 0.1)

    assert loop.engine.wait_until(lambda: len(loop.started) == 2, 3)
    assert loop.engine.asked[-1] == (1, 0)
    loop.engine.add_task("topic")
    loop.stop.set()
    loop.engine.add_task("topic")
    for thread in threads:
        thread.join(10)


def test_what_a_poll_brings_after_the_stop_is_unlocked() -> None:
    loop = Loop(slots=2)
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2)

    loop.stop.set()
    task = loop.engine.add_task("topic")
    thread.join(10)

    assert task.fetched_by == ["pod:1"]
    assert task.worker_id is None
    assert loop.started == []
    assert loop.slots.free == 2


def test_a_task_that_cannot_be_unlocked_after_the_stop_keeps_nobody() -> None:
    loop = Loop(slots=1)
    loop.engine.add_task("topic")
    loop.engine.fail_next("unlock", EngineUnreachable("away"))
    loop.run(fetches=1)

    assert loop.slots.free == 1


def test_a_task_that_is_running_already_takes_no_slot() -> None:
    loop = Loop(slots=2)
    task = loop.engine.add_task("topic")
    loop.refuse = {task.id}
    loop.engine.before_fetch = lambda _wait_ms: None
    loop.fetcher._fetch(loop.slots.reserve(), 0, loop.stop)

    assert loop.slots.free == 2


@pytest.mark.parametrize("error", [EngineUnreachable("away"), RuntimeError("a bug of ours")])
def test_the_loop_survives_errors(error: Exception) -> None:
    loop = Loop(slots=1, poll_seconds=0.01)
    loop.engine.fail_next("fetch_and_lock", error)  # type: ignore[arg-type]  # any error may come up
    loop.engine.add_task("topic")
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()

    assert loop.engine.wait_until(lambda: len(loop.started) == 1, 10)
    loop.slots.release()
    loop.stop.set()
    thread.join(10)
    assert loop.slots.free == 1


def test_the_same_trouble_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "external_tasks")
    status = EngineStatus(Metrics())
    status.failed(EngineUnreachable("refused"))
    status.failed(EngineUnreachable("refused"))
    status.failed(EngineUnauthorized("wrong password"))
    status.answered()
    status.answered()

    assert [record.getMessage() for record in caplog.records] == [
        "engine does not answer as it should, trying on: refused",
        "engine does not answer as it should, trying on: wrong password",
        "engine answers again",
    ]
    assert status.reached


def test_errors_are_counted_by_kind() -> None:
    loop = Loop(slots=1, poll_seconds=0.01)
    loop.engine.fail_next("fetch_and_lock", EngineUnreachable("away", kind="ReadTimeoutError"))
    loop.run(fetches=2)

    assert loop.metrics.registry.get_sample_value(
        "external_task_worker_fetch_errors_total", {"kind": "ReadTimeoutError"}
    )


def test_what_a_broken_fetch_has_locked_is_unlocked_once_the_engine_answers() -> None:
    """The engine locks tasks for a client that is gone: they would stay locked for nobody."""
    loop = Loop(slots=2, poll_seconds=0.05)
    task = loop.engine.add_task("topic")
    loop.engine.fail_next("fetch_and_lock", EngineUnreachable("reset"), after_effect=True)
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()

    assert loop.engine.wait_until(lambda: len(loop.started) == 1)
    loop.stop.set()
    thread.join(10)
    assert task.fetched_by == ["pod:1", "pod:1"]
    assert loop.engine.calls["external_tasks"] == 1


def test_running_until_idle_includes_what_running_tasks_lead_to() -> None:
    loop = Loop(slots=2)
    loop.engine.add_task("topic")

    def end_and_go_on(task: ExternalTask) -> bool:
        def end() -> None:
            if len(loop.started) < 3:
                loop.engine.add_task("topic")
            loop.slots.release()

        loop.started.append(task)
        threading.Timer(0.02, end).start()
        return True

    loop.fetcher._start = end_and_go_on
    loop.fetcher.run_until_idle(loop.stop)

    assert len(loop.started) == 3


def test_running_until_idle_does_not_hide_an_engine_that_is_away() -> None:
    loop = Loop(slots=1)
    loop.engine.fail_next("fetch_and_lock", EngineUnreachable("away"))

    with pytest.raises(EngineError, match="away"):
        loop.fetcher.run_until_idle(loop.stop)


def test_more_tasks_are_fetched_in_batches_while_they_queue_up() -> None:
    loop = Loop(slots=4)
    for _ in range(8):
        loop.engine.add_task("topic")
    loop.fetcher._pace.learn(handler_seconds=0, report_seconds=1000)
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()
    assert loop.engine.wait_until(lambda: len(loop.started) == 4)

    for _ in range(3):
        loop.slots.release()

    assert loop.engine.wait_until(lambda: len(loop.started) == 7)
    assert [asked for asked, _ in loop.engine.asked] == [4, 3]
    loop.stop.set()
    for _ in range(4):
        loop.slots.release()
    thread.join(10)


def test_a_cordon_cuts_the_pending_poll_short_and_ends_fetching(tmp_path: Path) -> None:
    file = tmp_path / "cordoned-until"
    loop = Loop(slots=3, poll_seconds=1, cordon_file=file)
    threads = [
        threading.Thread(target=target, args=(loop.stop,))
        for target in (loop.fetcher.run, loop.fetcher.run_for_retries)
    ]
    for thread in threads:
        thread.start()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2)  # the second one waits for tasks

    file.write_text("2999-01-01T00:00:00Z")

    assert loop.engine.wait_until(lambda: (1, 1) in loop.engine.asked)
    assert loop.engine.wait_until(lambda: loop.fetcher.resting)
    fetches = len(loop.engine.asked)
    loop.engine.add_task("topic")
    loop.due.add("t", 0.0)
    assert loop.engine.wait_until(lambda: loop.due.seconds_to_next() is None)
    assert len(loop.engine.asked) == fetches
    loop.stop.set()
    for thread in threads:
        thread.join(10)


def test_what_a_fetch_that_broke_off_has_locked_is_unlocked_while_cordoned(tmp_path: Path) -> None:
    file = tmp_path / "cordoned-until"
    loop = Loop(slots=3, poll_seconds=0.01, cordon_file=file)
    task = loop.engine.add_task("topic")
    loop.engine.fail_next("fetch_and_lock", EngineUnreachable("gone"), after_effect=True)
    loop.engine.before_fetch = lambda _wait_ms: file.write_text("2999-01-01T00:00:00Z")
    thread = threading.Thread(target=loop.fetcher.run, args=(loop.stop,))
    thread.start()

    assert loop.engine.wait_until(lambda: loop.fetcher.resting and task.worker_id is None)
    assert task.fetched_by == ["pod:1"]
    loop.stop.set()
    thread.join(10)


def test_a_poll_that_was_cut_short_is_no_failure_of_the_engine(tmp_path: Path) -> None:
    """A real engine answers it with 503."""
    file, cut = tmp_path / "cordoned-until", Event()
    loop = Loop(slots=3, poll_seconds=5, cordon_file=file)

    def cut_short(wait_ms: int) -> None:
        if wait_ms > 1:
            file.write_text("2999-01-01T00:00:00Z")
            assert cut.wait(5)
            raise EngineOverloaded("rejected", status=503)
        if wait_ms == 1:
            cut.set()

    loop.engine.before_fetch = cut_short
    threads = [
        threading.Thread(target=target, args=(loop.stop,))
        for target in (loop.fetcher.run, loop.fetcher.run_for_retries)
    ]
    for thread in threads:
        thread.start()

    assert loop.engine.wait_until(lambda: loop.fetcher.resting)
    loop.stop.set()
    for thread in threads:
        thread.join(10)
    assert cut.is_set()
    assert loop.metrics.registry.get_sample_value("external_task_worker_engine_up") == 1
