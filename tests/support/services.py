"""Services for tests: in this process by Flask's client, or as the real command with gunicorn."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from hotel_services.kit.app import create_app, open_resources
from hotel_services.kit.commands import prepare
from hotel_services.kit.http.service import AnyService

START_SECONDS = 60


@contextmanager
def open_client(service: AnyService, database_url: str, **settings: Any) -> Iterator[FlaskClient]:
    """Yield a client of the service in this process, on a database that is migrated and seeded first."""
    chosen = service.settings(database_url=database_url, **settings)
    resources = open_resources(service, chosen)
    try:
        prepare(service, chosen, resources)
        yield create_app(service, chosen, resources).test_client()
    finally:
        resources.database.close()


def sqlite_url(folder: Path) -> str:
    """Return the URL of a new SQLite database in the folder."""
    return f"sqlite:///{folder / 'service.db'}"


@dataclass
class RunningService:
    """A service that runs as a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    health_url: str = ""
    asked: bool = False

    def ask_to_stop(self) -> None:
        """Send SIGTERM, once: a second one while Python ends would end it by that signal."""
        if not self.asked and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.asked = True

    def stop(self, timeout: float = 20) -> int:
        """Ask it to stop, wait until it has, and return its exit code."""
        self.ask_to_stop()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout)
            raise

    def logged(self) -> list[dict[str, Any]]:
        """Return the log lines so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def running_service(
    name: str, database_url: str, folder: Path, **environment: str
) -> Iterator[RunningService]:
    """Run `python -m hotel_services NAME serve` on a free port until the block ends."""
    log = folder / f"{name}-{time.monotonic_ns()}.log"
    with log.open("wb") as stderr:
        process = start(name, "serve", database_url, folder, stderr, **environment)
    running = RunningService(process, log)
    try:
        running.url, running.health_url = _wait_for_urls(running)
        yield running
    finally:
        running.stop()


def start(
    name: str, command: str, database_url: str, folder: Path, stderr: Any, **environment: str
) -> subprocess.Popen[bytes]:
    """Start a command of a service, which takes any free port unless told otherwise."""
    settings = {"DATABASE_URL": database_url, "PORT": "0", "MIGRATE_AT_START": "true", **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "hotel_services", name, command],
        env={**_clean_environment(), **settings},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}


def _wait_for_urls(running: RunningService) -> list[str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for line in running.logged():
            message: str = line["message"]
            if message.startswith("Listening at: "):
                return message.split()[2].split(",")
        if running.process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{running.log.read_text()}")
