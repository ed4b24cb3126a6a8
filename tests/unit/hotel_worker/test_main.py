"""The program as a container starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.stub_service import StubService

FETCH = "POST /engine-rest/external-task/fetchAndLock"


@contextmanager
def worker(**environment: str) -> Iterator[subprocess.Popen[str]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ENGINE_", "WORKER_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "hotel_worker"],
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def engine(stub: StubService) -> str:
    stub.answer_json(FETCH, [])
    return f"{stub.url}/engine-rest"


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except urllib.error.URLError:
        return 0, ""


def test_it_serves_health_logs_json_and_ends_on_sigterm(engine: str, free_port: int) -> None:
    with worker(ENGINE_URL=engine, WORKER_HEALTH_PORT=str(free_port), WORKER_POLL_SECONDS="0.1") as process:
        deadline = time.monotonic() + 30
        while get(free_port, "/readyz")[0] != 200:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert get(free_port, "/livez")[0] == 200
        assert "external_task" in get(free_port, "/metrics")[1]

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)

    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    starting = next(line for line in lines if line["message"] == "starting")
    assert starting["level"] == "INFO"
    assert "block-room" in starting["topics"]


def test_wrong_setting_ends_it_with_2_and_one_line() -> None:
    with worker(WORKER_SLOTS="none") as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.startswith("hotel-worker: check the environment: WORKER_SLOTS:")
    assert said.count("\n") == 1


def test_port_that_is_taken_ends_it_with_1_and_tells_what_to_set(engine: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with worker(ENGINE_URL=engine, WORKER_HEALTH_PORT=port, LOG_FORMAT="text") as process:
            _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "WORKER_HEALTH_PORT" in said
    assert "Traceback" not in said
