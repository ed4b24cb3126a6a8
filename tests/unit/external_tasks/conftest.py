"""What the tests of the library share."""

import pytest
from external_tasks.testing import FakeEngine
from support.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hand_engine(clock: HandClock) -> FakeEngine:
    """An engine whose locks expire by the test's clock."""
    return FakeEngine(clock)


@pytest.fixture
def engine() -> FakeEngine:
    """An engine in real time."""
    return FakeEngine()
