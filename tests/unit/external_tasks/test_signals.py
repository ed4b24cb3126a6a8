import os
import signal
import subprocess
import sys
import threading

from external_tasks.runtime.signals import notice_signals


def test_the_first_signal_is_told_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    told: list[str] = []
    with notice_signals(told.append):
        os.kill(os.getpid(), signal.SIGTERM)

    assert told == ["SIGTERM"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_installs_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def enter() -> None:
        with notice_signals(print):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(5)

    assert seen == [before]


def test_the_second_signal_ends_the_process_at_once() -> None:
    program = """
import os, signal, time
from external_tasks.runtime.signals import notice_signals
with notice_signals(lambda name: None):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)

    assert ended.returncode == 128 + signal.SIGTERM


def test_a_child_that_is_ended_right_after_its_fork_ends() -> None:
    """The signal comes before the child has its own handlers; the worker's would keep it for the worker."""
    program = """
import os, signal, time
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
from external_tasks.runtime.signals import notice_signals
told = []
with notice_signals(told.append):
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(1)
    ended = os.waitpid(child, 0)[1]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set(), "the parent still holds signals back"
    assert os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGTERM, ended
    os.kill(os.getpid(), signal.SIGTERM)
assert told == ["SIGTERM"], told
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], timeout=30, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 0, ended.stderr
