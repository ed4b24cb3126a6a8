"""The fetch loop, step by step."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock

import pytest
from external_tasks import (
    CredentialsUnavailable,
    EngineError,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
    ExternalTask,
    TopicSubscription,
    UnusableResponse,
)
from external_tasks.runtime.batch_sizing import BatchSizing
from external_tasks.runtime.cordon import Cordon
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.fetching import Fetching, FetchPlan
from external_tasks.runtime.give_back import GiveBack
from external_tasks.runtime.locks import TaskLocks
from external_tasks.runtime.lost_fetches import LostFetches
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.outages import seconds_to_wait
from external_tasks.runtime.poll_loop import PollLoop
from external_tasks.runtime.retry_loop import RetryLoop
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.runtime.slots import Slots
from external_tasks.runtime.topic_limits import TopicLimits
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
        oldest_first: bool = False,
    ) -> list[ExternalTask]:
        self.asked.append((max_tasks, wait_ms))
        self.before_fetch(wait_ms)
        return super().fetch_and_lock(
            worker_id,
            topics,
            max_tasks,
            wait_ms=wait_ms,
            use_priority=use_priority,
            oldest_first=oldest_first,
        )


class Loop:
    """Fetch loops whose tasks end when the test says so."""

    def __init__(self, slots: int, poll_seconds: float = 5.0, cordon_file: Path | None = None) -> None:
        self.engine = RecordingEngine()
        self.slots = Slots(slots)
        self.timers = RetryTimers()
        self.metrics = Metrics()
        self.sizing = BatchSizing()
        self.stop = Event()
        self.started: list[ExternalTask] = []
        self.on_start: Callable[[ExternalTask], object] = lambda _task: None
        give_back = GiveBack(self.engine, "pod:1", self.timers, lambda: 0.5)
        self.give_back = give_back
        self.fetching = Fetching(
            engine=self.engine,
            plan=FetchPlan("pod:1", [TopicSubscription("topic")], poll_seconds),
            slots=self.slots,
            limits=TopicLimits({}),
            taker=self,
            status=EngineStatus(self.metrics),
            metrics=self.metrics,
            lost=LostFetches(self.engine, "pod:1", TaskLocks(), self.timers, give_back),
            stop=self.stop,
            beside_poll=Lock(),
        )
        cordon = Cordon(cordon_file)
        self.poll = PollLoop(
            self.fetching, sizing=self.sizing, timers=self.timers, cordon=cordon, random=lambda: 0.0
        )
        self.retries = RetryLoop(
            self.fetching,
            timers=self.timers,
            cordon=cordon,
            poll_rests=lambda: self.poll.resting,
            random=lambda: 0.0,
        )

    def start(self, task: ExternalTask) -> None:
        self.started.append(task)
        self.on_start(task)

    def refuse(self, task: ExternalTask, reason: str) -> None:
        self.slots.release()
        self.give_back.now(task.id, task.topic, reason)

    def start_threads(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=run) for run in (self.poll.run, self.retries.run)]
        for thread in threads:
            thread.start()
        return threads

    def run(self, *, fetches: int) -> None:
        """Run the loop until it has fetched so often."""
        before = len(self.engine.asked)

        def count(_wait_ms: int) -> None:
            if len(self.engine.asked) >= before + fetches:
                self.stop.set()

        self.engine.before_fetch = count
        self.poll.run()
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
    thread = threading.Thread(target=loop.poll.run)
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
    loop = Loop(slots=1, poll_seconds=100)
    loop.run(fetches=1)
    loop.timers.add("t", 50)
    loop.engine.add_task("topic")
    loop.run(fetches=1)

    _, wait_ms = loop.engine.asked[-1]
    assert 20_000 <= wait_ms <= 51_000


def test_a_retry_that_falls_due_during_a_poll_is_fetched_beside_it() -> None:
    """The engine wakes no pending fetch for a retry, and a poll that was sent cannot be changed."""
    loop = Loop(slots=2, poll_seconds=100)
    task = loop.engine.add_task("topic")
    threads = loop.start_threads()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2 and len(loop.started) == 1)

    loop.engine.failure(task.id, "pod:1", message="", details="", retries=1, retry_timeout_ms=100)
    loop.slots.release()
    loop.timers.add(task.id, 0.1)

    assert loop.engine.wait_until(lambda: len(loop.started) == 2)
    assert loop.engine.asked[-1] == (1, 0)
    loop.engine.add_task("topic")
    loop.stop.set()
    loop.engine.add_task("topic")
    for thread in threads:
        thread.join(10)


def test_what_a_poll_brings_after_the_stop_is_unlocked() -> None:
    loop = Loop(slots=2)
    thread = threading.Thread(target=loop.poll.run)
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


@pytest.mark.parametrize(
    "error",
    [
        EngineUnreachable("away"),
        CredentialsUnavailable("no token"),
        UnusableResponse("html"),
        RuntimeError("a bug"),
    ],
)
def test_the_loop_survives_errors(error: Exception) -> None:
    loop = Loop(slots=1, poll_seconds=0.01)
    loop.engine.fail_next("fetch_and_lock", error)  # type: ignore[arg-type]  # any error may come up
    loop.engine.add_task("topic")
    thread = threading.Thread(target=loop.poll.run)
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
        "engine unavailable, retrying: refused",
        "engine unavailable, retrying: wrong password",
        "engine available again",
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
    thread = threading.Thread(target=loop.poll.run)
    thread.start()

    assert loop.engine.wait_until(lambda: len(loop.started) == 1)
    loop.stop.set()
    thread.join(10)
    assert task.fetched_by == ["pod:1", "pod:1"]
    assert loop.engine.calls["external_tasks"] == 1


def test_running_until_idle_includes_what_running_tasks_lead_to() -> None:
    loop = Loop(slots=2)
    loop.engine.add_task("topic")

    def end_and_go_on(_task: ExternalTask) -> None:
        def end() -> None:
            if len(loop.started) < 3:
                loop.engine.add_task("topic")
            loop.slots.release()

        threading.Timer(0.02, end).start()

    loop.on_start = end_and_go_on
    loop.poll.run_until_idle()

    assert len(loop.started) == 3


def test_running_until_idle_does_not_hide_an_engine_that_is_away() -> None:
    loop = Loop(slots=1)
    loop.engine.fail_next("fetch_and_lock", EngineUnreachable("away"))

    with pytest.raises(EngineError, match="away"):
        loop.poll.run_until_idle()


def test_more_tasks_are_fetched_in_batches_while_they_queue_up() -> None:
    loop = Loop(slots=4)
    for _ in range(8):
        loop.engine.add_task("topic")
    loop.sizing.learn(handler_seconds=0, report_seconds=1000)
    thread = threading.Thread(target=loop.poll.run)
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
    threads = loop.start_threads()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2)  # the second one waits for tasks

    file.write_text("2999-01-01T00:00:00Z")

    assert loop.engine.wait_until(lambda: (1, 1) in loop.engine.asked)
    assert loop.engine.wait_until(lambda: loop.poll.resting)
    fetches = len(loop.engine.asked)
    loop.engine.add_task("topic")
    loop.timers.add("t", 0.0)
    assert loop.engine.wait_until(lambda: loop.timers.seconds_to_next() is None)
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
    thread = threading.Thread(target=loop.poll.run)
    thread.start()

    assert loop.engine.wait_until(lambda: loop.poll.resting and task.worker_id is None)
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
    threads = loop.start_threads()

    assert loop.engine.wait_until(lambda: loop.poll.resting)
    loop.stop.set()
    for thread in threads:
        thread.join(10)
    assert cut.is_set()
    assert loop.metrics.registry.get_sample_value("external_task_worker_engine_up") == 1


@pytest.mark.parametrize(("asked", "waited"), [(None, 0.125), (0.01, 0.125), (5.0, 5.0)])
def test_a_server_may_ask_for_a_longer_pause(asked: float | None, waited: float) -> None:
    error = EngineOverloaded("busy", status=503, retry_after=asked)

    assert seconds_to_wait(error, 1, lambda: 0.0) == waited


def test_each_loop_shows_its_own_life() -> None:
    """A poll loop that hangs must not be hidden by the loop beside it."""
    loop, hang = Loop(slots=2, poll_seconds=0.01), Event()
    loop.engine.before_fetch = lambda wait_ms: hang.wait(10) if wait_ms else None
    threads = loop.start_threads()
    assert loop.engine.wait_until(lambda: len(loop.engine.asked) == 2)
    before = loop.poll.heartbeat.seconds_since
    retries = loop.retries.heartbeat

    assert loop.engine.wait_until(lambda: loop.poll.heartbeat.seconds_since > before + 1)
    assert loop.engine.wait_until(lambda: retries.seconds_since < loop.poll.heartbeat.seconds_since)
    hang.set()
    loop.stop.set()
    for thread in threads:
        thread.join(10)
