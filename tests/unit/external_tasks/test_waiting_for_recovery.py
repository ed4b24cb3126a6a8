"""How long a call waits that failed, while the engine answers other calls again or does not."""

from collections.abc import Callable
from threading import Event

import pytest
from external_tasks.errors import (
    EngineForbidden,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
    UnusableResponse,
)
from external_tasks.runtime.engine_status import EngineStatus
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.outages import Wait, wait_after
from support.hand_clock import HandClock


class Ended(Event):
    """Waits by turning the clock, and lets something happen at a moment."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.clock = clock
        self.began = clock()
        self.at: dict[float, Callable[[], object]] = {}

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.advance(timeout)
        for moment in [moment for moment in self.at if moment <= self.clock() - self.began]:
            self.at.pop(moment)()
        return self.is_set()


@pytest.fixture
def ended(clock: HandClock) -> Ended:
    return Ended(clock)


@pytest.fixture
def status(clock: HandClock) -> EngineStatus:
    status = EngineStatus(Metrics(), clock)
    status.answered()
    status.failed(EngineUnreachable("away"))
    return status


def waited(status: EngineStatus, ended: Ended, wait: Wait) -> float:
    status.pause(wait, ended)
    return ended.clock() - ended.began


def test_without_a_recovery_the_whole_time_is_waited(status: EngineStatus, ended: Ended) -> None:
    assert waited(status, ended, Wait(8.2, 2)) == pytest.approx(8.2)


def test_an_engine_that_answers_others_again_is_asked_soon(status: EngineStatus, ended: Ended) -> None:
    ended.at[3.9] = status.answered

    assert waited(status, ended, Wait(8, 2)) == pytest.approx(4)


def test_the_least_is_waited_all_the_same(status: EngineStatus, ended: Ended) -> None:
    ended.at[0.1] = status.answered

    assert waited(status, ended, Wait(8, 2)) == pytest.approx(2)


def test_answers_of_an_engine_that_was_never_away_end_no_wait(status: EngineStatus, ended: Ended) -> None:
    status.answered()
    ended.at[1] = status.answered

    assert waited(status, ended, Wait(8, 2)) == pytest.approx(8)


def test_a_stop_ends_it(status: EngineStatus, ended: Ended) -> None:
    ended.at[1] = ended.set

    assert waited(status, ended, Wait(8, 2)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("error", "least_share"),
    [
        (EngineUnreachable("away"), 0.25),
        (EngineOverloaded("busy", status=503), 1),
        (EngineUnauthorized("wrong", status=401), 1),
        (EngineForbidden("not you", status=403), 1),
        (UnusableResponse("html", status=200), 1),
        (RuntimeError("of a client of the user's"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_an_engine_that_could_not_be_reached_is_asked_sooner(
    error: Exception, least_share: float
) -> None:
    wait = wait_after(error, 6, lambda: 0.5)

    assert wait.seconds > 1
    assert wait.least == pytest.approx(least_share * wait.seconds)
