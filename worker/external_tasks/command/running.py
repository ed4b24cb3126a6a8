"""Run a worker: as it is, or again whenever its code changes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from external_tasks.checks import HIGHEST_PORT, shown
from external_tasks.command.engine_access import connect
from external_tasks.command.errors import SettingError
from external_tasks.command.loading import load, working_folder
from external_tasks.handlers.router import TaskRouter
from external_tasks.worker import Worker

_LOOK_SECONDS = 0.3
_GRACE_SECONDS = 60.0
_LONG = 10
"""So many digits are no port, and Python reads no number of some thousands."""


def run(target: str) -> int:
    """Run a worker until a signal ends it; a router becomes a worker by the variables of the environment.

    Raises:
        CommandError: there is no such worker.
        SettingError: a variable cannot be used.
        HealthPortUnavailable: probes cannot be served at the port.
        RegistrationError: it has no handler.
    """
    found = load(target)
    worker = found if isinstance(found, Worker) else _worker_of(found, os.environ)
    worker.run()
    return 0


def _worker_of(router: TaskRouter, environment: Mapping[str, str]) -> Worker:
    """Make a worker of a router, by the engine's variables and ``HEALTH_PORT``."""
    port = environment.get("HEALTH_PORT") or None
    if port is not None and not (port.isdecimal() and len(port) < _LONG and int(port) <= HIGHEST_PORT):
        raise SettingError(
            f"HEALTH_PORT must be a port, a number from 0 to {HIGHEST_PORT}, not {shown(port)}"
        )
    worker = Worker(connect(environment), health_port=None if port is None else int(port))
    worker.include(router)
    return worker


def run_again_on_changes(target: str) -> int:
    """Run a worker in a process of its own, and a new one whenever a ``.py`` file below this folder changes.

    The old process drains first, as after any SIGTERM. A worker that ends by itself is started again by the
    next change.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    folder = working_folder()
    while not stop.is_set():
        seen = _files(folder)
        # In a group of its own, so that Ctrl-C of a terminal reaches it once, from here.
        worker = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "external_tasks.command", "run", target], start_new_session=True
        )
        try:
            _wait_for_change(worker, folder, seen, stop)
        finally:
            _end(worker)
        if not stop.is_set():
            sys.stderr.write("external-tasks: code changed, starting the worker again\n")
    return 0


def _wait_for_change(
    worker: "subprocess.Popen[bytes]", folder: Path, seen: Mapping[Path, int], stop: threading.Event
) -> None:
    told = False
    while not stop.wait(_LOOK_SECONDS) and _files(folder) == seen:
        if worker.poll() is not None and not told:
            told = True
            sys.stderr.write(
                f"external-tasks: the worker ended (exit code {worker.returncode}); waiting for a change\n"
            )


def _files(folder: Path) -> dict[Path, int]:
    found = {}
    for parent, folders, names in os.walk(folder):
        # Environments and caches change by themselves, and hold thousands of files.
        folders[:] = [
            name
            for name in folders
            if not name.startswith((".", "__")) and not _is_environment(Path(parent, name))
        ]
        for name in names:
            if name.endswith(".py"):
                path = Path(parent, name)
                try:
                    found[path] = path.stat().st_mtime_ns
                except OSError:  # an editor is just replacing it, or it cannot be read
                    found[path] = 0
    return found


def _is_environment(folder: Path) -> bool:
    try:
        return (folder / "pyvenv.cfg").exists()
    except OSError:
        # A folder that may not be read holds no code of the worker's either.
        return True


def _end(worker: "subprocess.Popen[bytes]") -> None:
    if worker.poll() is None:
        worker.terminate()
        try:
            worker.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
