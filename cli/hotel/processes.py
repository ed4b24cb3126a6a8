"""Processes of the local stack: started with a log file, recognised later, stopped gracefully."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import psutil
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hotel.errors import StackError

_POLL_SECONDS = 0.05
_KILLED_SECONDS = 5.0
_PRIVATE_UMASK = 0o077
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

    name: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[0-9]+)?$")]
    pid: Annotated[int, Field(ge=1)]
    identity: str
    log: Path
    grace_seconds: float

    def is_running(self) -> bool:
        """Return whether this very process still runs."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """Return this very process, None if it has ended."""
        _reap(self.pid)
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return process if _identity(process) == self.identity else None
        return None

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        try:
            with os.fdopen(os.open(self.log, os.O_RDONLY | os.O_NOFOLLOW), "rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                text = log.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def start(command: Command, *, folder: Path, logs: Path, die_with_parent: bool) -> ProcessRecord:
    """Start a process in a session of its own, so that a Ctrl-C in the terminal does not reach it.

    What it writes, its log included, is readable by its owner alone.

    Args:
        command: what to run.
        folder: its working folder.
        logs: the folder for its log.
        die_with_parent: whether it is to end when this process does, however that ends.

    Raises:
        StackError: the program does not exist or cannot be run.
    """
    log = logs / f"{command.name}.log"
    environment = {**os.environ, **command.environment}
    try:
        with _new_log(log) as output:
            process = subprocess.Popen(  # noqa: S603  # the stack's own commands, no shell
                dying_with_parent(command.arguments) if die_with_parent else command.arguments,
                cwd=folder,
                env={name: value for name, value in environment.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=_PRIVATE_UMASK,
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


def dying_with_parent(arguments: Sequence[str]) -> list[str]:
    """Return the command line that runs a program until this process ends, however that happens."""
    script = str(Path(__file__).with_name("die_with_parent.py"))
    return [sys.executable, "-I", "-S", script, str(os.getpid()), *arguments]


def stop(records: Sequence[ProcessRecord]) -> None:
    """Ask processes to end, all at once, and kill those that do not within their grace."""
    asked = time.monotonic()
    for record in records:
        if process := record.process():
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    for record in records:
        if not _wait_gone(record, asked + record.grace_seconds - time.monotonic()):
            kill(record)


def kill(record: ProcessRecord) -> None:
    """Kill a process and what it started, at once.

    Raises:
        StackError: it does not even end by that.
    """
    if record.is_running():
        # Its session has its own process group: the children go with it.
        with suppress(ProcessLookupError):
            os.killpg(record.pid, signal.SIGKILL)
        if not _wait_gone(record, _KILLED_SECONDS):
            raise StackError(f"{record.name} (process {record.pid}) cannot be killed")


def identity_of(pid: int) -> str | None:
    """Return what differs between two processes that have one pid after each other; None if none runs."""
    try:
        return _identity(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return None


def _identity(process: psutil.Process) -> str | None:
    # The time of its start as seconds since the epoch would change with every correction of the clock, for
    # which a stack of yesterday would count as ended. The time since the system's start does not change.
    if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
        return None
    return f"{_boot_id()}:{process.create_time() - psutil.boot_time():.2f}"


def _boot_id() -> str:
    # Only Linux has it; elsewhere two processes with one pid and one start, a reboot apart, look the same.
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _new_log(log: Path) -> IO[bytes]:
    # The last run's log stays beside this one's.
    if os.path.lexists(log):
        log.replace(log.with_suffix(".previous.log"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _wait_gone(record: ProcessRecord, seconds: float) -> bool:
    # Not psutil's wait: a zombie, whose parent may be another command that runs, counts as ended here.
    deadline = time.monotonic() + seconds
    while record.is_running():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _reap(pid: int) -> None:
    # A child that has ended stays a zombie until its parent, which may be this process, asks for it.
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
