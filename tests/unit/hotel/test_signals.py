import os
import signal
import threading

import pytest
from hotel.signals import raise_on_end, unbroken


@pytest.fixture(autouse=True)
def _handlers_as_before() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_end_asked_for_unwinds_as_an_interrupt_does(number: signal.Signals) -> None:
    raise_on_end()

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_unbroken_stretch_is_gone_through_before_the_interrupt_is_raised(number: signal.Signals) -> None:
    steps = []

    def stretch() -> None:
        with unbroken():
            os.kill(os.getpid(), number)
            steps.append("after the signal")

    with pytest.raises(KeyboardInterrupt):
        stretch()
    assert steps == ["after the signal"]


def test_after_an_unbroken_stretch_all_is_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with unbroken():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


def test_an_error_in_an_unbroken_stretch_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="mine"), unbroken():
        raise ValueError("mine")


def test_other_threads_pass_through() -> None:
    steps = []

    def run() -> None:
        with unbroken():
            steps.append("passed")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(5)

    assert steps == ["passed"]
