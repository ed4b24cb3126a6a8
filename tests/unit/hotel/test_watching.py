"""Threads that wait for reservations share one question to the engine."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hotel.errors import Unreachable
from hotel.reservations.states import Instance
from hotel.reservations.watching import SharedWatch, has_ended

MOMENT = datetime(2027, 1, 1, tzinfo=UTC)


def instance(reference: str, *, ended: bool) -> Instance:
    return Instance(
        f"i-{reference}",
        reference,
        is_cancellation=False,
        started_at=MOMENT,
        ended_at=MOMENT if ended else None,
    )


class Looks:
    """An engine in which a reservation ends at a look of the test's choice."""

    def __init__(self, ends_at: Mapping[str, int] | None = None) -> None:
        self.asked: list[list[str]] = []
        self._ends_at = ends_at or {}
        self._running = threading.Lock()

    def __call__(self, references: Sequence[str]) -> dict[str, list[Instance]]:
        assert self._running.acquire(blocking=False), "two questions at once"
        try:
            self.asked.append(list(references))
            number = len(self.asked)
            return {
                reference: [instance(reference, ended=number >= self._ends_at.get(reference, 1))]
                for reference in references
            }
        finally:
            self._running.release()


def waited(watch: SharedWatch, reference: str, barrier: Callable[[], object] = lambda: None) -> int:
    """Wait for a reservation's end and return after how many looks it was seen."""
    with watch.watched(reference, deadline=time.monotonic() + 60, at_once=False) as next_look:
        barrier()
        count = 1
        while not has_ended(next_look()):
            count += 1
        return count


def test_all_that_wait_are_in_one_question() -> None:
    references = [f"R-{number}" for number in range(8)]
    looks = Looks(dict.fromkeys(references, 3))
    watch, barrier = SharedWatch(looks), threading.Barrier(len(references))

    with ThreadPoolExecutor(len(references)) as pool:
        list(pool.map(lambda reference: waited(watch, reference, barrier.wait), references))

    assert sorted(looks.asked[-1]) == references
    assert len(looks.asked) <= 2 * 3, "more questions than looks"


def test_each_is_told_of_its_own_reservation() -> None:
    looks = Looks({"R-1": 1, "R-2": 4})
    watch = SharedWatch(looks)
    seen: dict[str, str] = {}

    def wait(reference: str) -> None:
        with watch.watched(reference, deadline=time.monotonic() + 60, at_once=True) as next_look:
            while not has_ended(instances := next_look()):
                pass
            seen[reference] = instances[0].id

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(wait, ["R-1", "R-2"]))

    assert seen == {"R-1": "i-R-1", "R-2": "i-R-2"}


def test_who_goes_on_waiting_asks_when_the_one_who_asked_has_left() -> None:
    looks = Looks({"R-1": 2, "R-2": 5})
    watch, barrier = SharedWatch(looks), threading.Barrier(2)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda reference: waited(watch, reference, barrier.wait), ["R-1", "R-2"]))

    assert looks.asked[-1] == ["R-2"]
    assert len(looks.asked) == 5


def test_a_reservation_that_two_wait_for_is_asked_for_once() -> None:
    looks = Looks({"R-1": 2})
    watch, barrier = SharedWatch(looks), threading.Barrier(2)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: waited(watch, "R-1", barrier.wait), range(2)))

    assert all(asked == ["R-1"] for asked in looks.asked)


def test_a_question_that_failed_is_raised_by_all_that_waited_for_it() -> None:
    def fail(references: Sequence[str]) -> dict[str, list[Instance]]:
        raise Unreachable("the engine does not answer")

    watch, barrier = SharedWatch(fail), threading.Barrier(3)

    def wait(reference: str) -> bool:
        with pytest.raises(Unreachable, match="does not answer"):
            waited(watch, reference, barrier.wait)
        return True

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(wait, ["R-1", "R-2", "R-3"]))


def test_there_is_a_look_at_the_deadline_however_long_the_pause_is() -> None:
    looks = Looks({"R-1": 1000})
    watch = SharedWatch(looks)
    with watch.watched("R-1", deadline=time.monotonic(), at_once=False) as next_look:
        assert not has_ended(next_look())

    assert looks.asked == [["R-1"]]


def test_a_reservation_that_nobody_knows_has_no_instances() -> None:
    watch = SharedWatch(lambda _: {})
    with watch.watched("R-1", deadline=time.monotonic() + 60, at_once=True) as next_look:
        assert next_look() == []
