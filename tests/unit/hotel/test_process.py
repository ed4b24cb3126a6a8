"""Processes are real here: what is tested is what the operating system makes of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hotel import processes
from hotel.errors import StackError
from hotel.processes import Command, ProcessRecord, identity_of

_IGNORE_TERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True)"
_FOREVER = "\nwhile True: time.sleep(60)"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ProcessRecord]]:
    records: list[ProcessRecord] = []

    def start(code: str, *, grace_seconds: float = 5, **environment: str | None) -> ProcessRecord:
        command = Command(f"part-{len(records)}", [sys.executable, "-c", code], environment, grace_seconds)
        record = processes.start(command, folder=tmp_path, logs=tmp_path, die_with_parent=False)
        records.append(record)
        return record

    yield start
    for record in records:
        processes.kill(record)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def test_a_started_process_runs_and_logs(start: Callable[..., ProcessRecord]) -> None:
    record = start("import time; print('hello', flush=True)" + _FOREVER)

    wait_until(lambda: "hello" in record.log_tail())
    assert record.is_running()


def test_a_program_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    command = Command("engine", ["/no/such/java"], {}, 1)

    with pytest.raises(StackError, match=r"engine cannot be started: .*No such file"):
        processes.start(command, folder=tmp_path, logs=tmp_path, die_with_parent=False)


def test_the_environment_is_the_callers_with_changes(
    start: Callable[..., ProcessRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("TAKEN_OUT", "1")
    code = "import os; print([os.environ.get(n) for n in ('KEPT', 'TAKEN_OUT', 'ADDED')])"

    record = start(code, TAKEN_OUT=None, ADDED="2")

    wait_until(lambda: "['1', None, '2']" in record.log_tail())


def test_stop_lets_a_process_end_by_itself(start: Callable[..., ProcessRecord]) -> None:
    record = start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('cleaned up', flush=True), sys.exit()))\n"
        "print('on', flush=True)" + _FOREVER
    )
    wait_until(lambda: "on" in record.log_tail())

    processes.stop([record])

    assert not record.is_running()
    assert "cleaned up" in record.log_tail()


def test_stop_kills_what_does_not_end_within_its_grace(start: Callable[..., ProcessRecord]) -> None:
    record = start(_IGNORE_TERM + _FOREVER, grace_seconds=0.2)
    wait_until(lambda: "on" in record.log_tail())

    processes.stop([record])

    assert not record.is_running()


def test_kill_takes_the_children_along(start: Callable[..., ProcessRecord]) -> None:
    record = start(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(f'child={child.pid};', flush=True)" + _FOREVER
    )
    wait_until(lambda: ";" in record.log_tail())
    child = int(record.log_tail().partition("child=")[2].partition(";")[0])

    processes.kill(record)

    wait_until(lambda: identity_of(child) is None)


def test_a_foreign_process_with_a_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as foreign:
        stale = ProcessRecord(
            name="engine", pid=foreign.pid, identity="before", log=tmp_path / "log", grace_seconds=0.1
        )

        assert not stale.is_running()
        processes.stop([stale])
        processes.kill(stale)

        assert foreign.poll() is None
        foreign.kill()


def test_a_zombie_does_not_run(tmp_path: Path) -> None:
    # The test is the parent and does not ask for the child's end, so that it stays in the table of processes.
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as child:
        assert identity_of(child.pid)
        child.kill()
        wait_until(lambda: identity_of(child.pid) is None)


def test_a_process_that_dies_with_its_parent_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom hotel import processes\n"
        "command = processes.Command('part', [sys.executable, '-c', 'import time; time.sleep(60)'], {}, 1)\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "record = processes.start(command, folder=folder, logs=folder, die_with_parent=True)\n"
        "print(record.model_dump_json(), flush=True)" + _FOREVER
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        record = ProcessRecord.model_validate_json(parent.stdout.readline())
        assert record.is_running()

        os.kill(parent.pid, signal.SIGKILL)

        wait_until(lambda: not record.is_running())


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    record = ProcessRecord(name="engine", pid=1, identity="", log=log, grace_seconds=1)

    assert record.log_tail(2) == "line 99998\nline 99999"


def test_a_log_that_is_gone_has_no_tail(tmp_path: Path) -> None:
    record = ProcessRecord(name="engine", pid=1, identity="", log=tmp_path / "gone", grace_seconds=1)

    assert record.log_tail() == ""
