"""An engine of a test's own, for what needs another environment than the session's engine has."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import urllib3
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from hotel.names import EngineKind
from hotel.ports import free_port
from hotel.stack.engine import find_jar, java_line

_OPTIONS = "-Xmx400m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_START_SECONDS = 240.0
_STOP_SECONDS = 60.0


class LoneEngine:
    """One engine process; its H2 file, if it uses one, lies in its folder and outlives it.

    Args:
        kind: which engine.
        folder: its working folder.
        environment: its settings; no ENGINE_ variable of the caller is passed on.
    """

    def __init__(self, kind: EngineKind, folder: Path, environment: Mapping[str, str]) -> None:
        port, self._management_port = free_port(), free_port()
        self.url = f"http://localhost:{port}/engine-rest"
        self._log = folder / "engine.log"
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("ENGINE_", "LOG_"))
        }
        own = {
            "SERVER_ADDRESS": "127.0.0.1",
            "MANAGEMENT_SERVER_ADDRESS": "127.0.0.1",
            "ENGINE_PORT": str(port),
            "ENGINE_MANAGEMENT_PORT": str(self._management_port),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                java_line(find_jar(kind, None), _OPTIONS),
                cwd=folder,
                env={**inherited, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def client(self, user: str, password: str) -> EngineClient:
        """Return a client that logs in as this user; the caller closes it."""
        return EngineClient(self.url, auth=BasicAuth(user, password), timeout=60)

    def wait_until_ready(self) -> None:
        """Return when it can work."""
        readiness = f"http://localhost:{self._management_port}/actuator/health/readiness"
        deadline = time.monotonic() + _START_SECONDS
        with urllib3.PoolManager(retries=False, timeout=5) as http:
            while not _answers(http, readiness):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the engine did not get ready:\n{self.log}")
                time.sleep(0.1)

    def wait_for_exit(self) -> int:
        """Return its exit code when it has ended by itself."""
        return self._process.wait(_START_SECONDS)

    def stop(self) -> None:
        """End it gracefully, or at once where it does not obey."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _answers(http: urllib3.PoolManager, url: str) -> bool:
    try:
        return http.request("GET", url).status == 200
    except urllib3.exceptions.HTTPError:
        return False


Launch = Callable[..., LoneEngine]
"""Starts an engine; its settings are keyword arguments."""
