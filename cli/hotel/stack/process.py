"""Processes of the local stack: started with a log file, recognised later, stopped gracefully."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hotel.errors import StackError

_POLL_SECONDS = 0.05
_KILLED_SECONDS = 5.0
_LOG_TAIL_BYTES = 16_384


@dataclass(frozen=True)
class Command:
    """What to run for one part of the stack.

    Attributes:
        name: what the part is called in messages, and its log file's name.
        arguments: the program and its arguments.
        environment: what is set over the environment of the caller; a None value unsets.
        grace_seconds: how long the process may take to stop by itself.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str | None]
    grace_seconds: float


class ProcessRecord(BaseModel):
    """A started process, as it is remembered in the state file.

    Attributes:
        name: the part of the stack.
        pid: its process id.
        identity: when it began; with the pid it names this process and no later one that got the same pid.
        log: the file with what it prints.
        grace_seconds: how long it may take to stop by itself.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    identity: str
    log: Path
    grace_seconds: float

    def is_running(self) -> bool:
        """Return whether this very process still runs."""
        _reap(self.pid)
        return identity_of(self.pid) == self.identity

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                text = log.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def start(command: Command, *, folder: Path, logs: Path, tied: bool) -> ProcessRecord:
    """Start a process in a session of its own, so that a Ctrl-C in the terminal does not reach it.

    Args:
        command: what to run.
        folder: its working folder.
        logs: the folder for its log.
        tied: whether it is to end when this process does, however that ends.

    Raises:
        StackError: the program does not exist or cannot be run.
    """
    log = logs / f"{command.name}.log"
    environment = {**os.environ, **command.environment}
    try:
        # The last run's log stays beside this one's.
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  # the stack's own commands, no shell
                tied_line(command.arguments) if tied else command.arguments,
                cwd=folder,
                env={name: value for name, value in environment.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise StackError(f"{command.name} cannot be started: {error}") from error
    # Watched by its pid from here on, by this command and by later ones alike.
    process.returncode = 0
    return ProcessRecord(
        name=command.name,
        pid=process.pid,
        identity=identity_of(process.pid) or "",
        log=log,
        grace_seconds=command.grace_seconds,
    )


def tied_line(arguments: Sequence[str]) -> list[str]:
    """Return the command line that runs a program until this process ends, however that happens."""
    tie = str(Path(__file__).with_name("tied.py"))
    return [sys.executable, "-I", "-S", tie, str(os.getpid()), *arguments]


def stop(records: Sequence[ProcessRecord]) -> None:
    """Ask processes to end, all at once, and kill those that do not within their grace."""
    asked = time.monotonic()
    for record in records:
        if record.is_running():
            _signal(record.pid, signal.SIGTERM)
    for record in records:
        if not _wait_gone(record, asked + record.grace_seconds):
            kill(record)


def kill(record: ProcessRecord) -> None:
    """Kill a process and what it started, at once.

    Raises:
        StackError: it does not even end by that.
    """
    if record.is_running():
        # Its session has its own process group: the children go with it.
        _signal(-record.pid, signal.SIGKILL)
        if not _wait_gone(record, time.monotonic() + _KILLED_SECONDS):
            raise StackError(f"{record.name} (process {record.pid}) cannot be killed")


def identity_of(pid: int) -> str | None:
    """Return what tells a process from earlier and later ones with the same pid; None if there is none."""
    if sys.platform != "linux":
        return _identity_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field, the program's name in brackets, may hold spaces and brackets itself.
    fields = stat.rpartition(")")[2].split()
    state, began = fields[0], fields[19]
    return None if state in "ZX" else f"{_boot_id()}:{began}"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _identity_by_ps(pid: int) -> str | None:
    answer = subprocess.run(  # noqa: S603  # a fixed program and a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, began = answer.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def _reap(pid: int) -> None:
    # A child that has ended stays a zombie until its parent, which may be this process, asks for it.
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(record: ProcessRecord, deadline: float) -> bool:
    while record.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
