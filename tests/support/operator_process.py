"""The operator as a process of this machine."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import yaml
from hotel.ports import free_port


class OperatorProcess:
    """An operator process, its probes and its log.

    Args:
        kubeconfig: where its API server is.
        log: file for its log.
        environment: further settings.
    """

    def __init__(self, kubeconfig: Path, log: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._log = log
        settings = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(kubeconfig),
            "OPERATOR_HEALTH_PORT": str(self.port),
            **environment,
        }
        with log.open("wb") as file:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "external_task_operator"], env=settings, stderr=file, stdout=file
            )

    def page(self, path: str) -> tuple[int, str]:
        """Return status and text of a page; 0 if nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        """Tell whether it says that it is."""
        return self.page("/readyz")[0] == 200

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of its log."""
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]

    def says(self, message: str) -> bool:
        """Tell whether a line of its log has this in its message."""
        return any(message in line["message"] for line in self.log())

    def terminate(self) -> int:
        """End it as Kubernetes does, and return its exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(20)

    def kill(self) -> None:
        """End it as a crash does."""
        self.popen.kill()
        self.popen.wait()


@contextmanager
def operator_process(kubeconfig: Path, log: Path, **environment: str) -> Iterator[OperatorProcess]:
    """Run an operator; it is gone in the end, whatever happened."""
    process = OperatorProcess(kubeconfig, log, environment)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.kill()


def write_kubeconfig(path: Path, server: str, token: str, ca_data: str | None = None) -> Path:
    """Write a kubeconfig for a bearer token.

    Args:
        path: where to.
        server: URL of the API server.
        token: the token.
        ca_data: the server's certificate authority, base64.
    """
    cluster = {"server": server} | ({"certificate-authority-data": ca_data} if ca_data else {})
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "only",
        "clusters": [{"name": "only", "cluster": cluster}],
        "users": [{"name": "only", "user": {"token": token}}],
        "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
