"""The command as an operator meets it: starting, refusing to start, and stopping."""

import socket
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import urllib3
from support.services import running_service, sqlite_url, start

STAY = {
    "reservation_ref": "R",
    "room_id": "101",
    "check_in": "2031-01-01",
    "check_out": "2031-01-02",
    "guests": 1,
}
GRACE = 15


def run(command: str, database_url: str, folder: Path, **environment: str) -> tuple[int, str]:
    """Run a command of the room service to its end; return exit code and what it wrote."""
    with (folder / "command.log").open("w+b") as stderr:
        process = start("room", command, database_url, folder, stderr, **environment)
        code = process.wait(60)
        stderr.seek(0)
        return code, stderr.read().decode()


def test_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = run("serve", sqlite_url(tmp_path), tmp_path, PORT=str(port))
    assert (code, f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in told) == (2, True)
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_unreachable_database_is_told_without_its_password(tmp_path: Path, command: str) -> None:
    code, told = run(command, "postgresql://hotel:geheim@127.0.0.1:1/rooms", tmp_path)
    assert (code, "postgresql+psycopg://hotel:***@127.0.0.1:1/rooms cannot be used: connection" in told) == (
        3,
        True,
    )
    assert "geheim" not in told
    assert "Traceback" not in told


def test_wrong_setting_is_told(tmp_path: Path) -> None:
    code, told = run("serve", sqlite_url(tmp_path), tmp_path, HOLD_SECONDS="soon")
    assert (code, "HOLD_SECONDS" in told) == (2, True)


def test_schema_that_is_missing_is_told(tmp_path: Path) -> None:
    code, told = run("serve", sqlite_url(tmp_path), tmp_path, MIGRATE_AT_START="false")
    assert (code, "run `python -m hotel_services room migrate`" in told) == (3, True)


def test_commands_prepare_what_is_then_served(database_url: str, tmp_path: Path) -> None:
    assert run("migrate", database_url, tmp_path)[0] == 0
    assert run("sweep", database_url, tmp_path)[0] == 0
    with running_service("room", database_url, tmp_path, MIGRATE_AT_START="false") as running:
        found = urllib3.request("GET", f"{running.url}/api/room/rooms")
        assert found.json()["total"] >= 60
        assert running.stop() == 0


def test_replicas_may_start_at_once(empty_database_url: str, tmp_path: Path) -> None:
    with (tmp_path / "replicas.log").open("wb") as stderr:
        replicas = [start("room", "migrate", empty_database_url, tmp_path, stderr) for _ in range(4)]
        codes = [replica.wait(120) for replica in replicas]
    log = (tmp_path / "replicas.log").read_text()
    assert codes == [0, 0, 0, 0], log
    assert log.count('"schema migrated"') == 1


def test_stopping_finishes_what_was_begun(empty_database_url: str, tmp_path: Path) -> None:
    """A request waits for the database when the signal comes; its answer still arrives."""
    patience = {"DATABASE_RETRY_SECONDS": "30"}
    with (
        running_service("room", empty_database_url, tmp_path, **patience) as running,
        ThreadPoolExecutor(1) as pool,
    ):
        let_go = hold_rooms(empty_database_url)
        try:
            answer = pool.submit(urllib3.request, "POST", f"{running.url}/api/room/block", json=STAY)
            wait_until(lambda: in_flight(running.url) == 2)
            running.ask_to_stop()
            wait_until(lambda: any("term" in line["message"] for line in running.logged()))
            assert not answer.done()
        finally:
            let_go()
        assert answer.result(GRACE).status == 201
        assert running.stop(GRACE) == 0


def test_wrong_password_is_told(postgresql_url: str, tmp_path: Path) -> None:
    code, told = run("migrate", postgresql_url.replace("throw-away", "guessed"), tmp_path)
    assert (code, "password authentication failed" in told) == (3, True)
    assert "guessed" not in told


def test_taken_health_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = run("serve", sqlite_url(tmp_path), tmp_path, HEALTH_PORT=str(port))
    assert (code, f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in told) == (2, True)
    assert "set HEALTH_HOST or HEALTH_PORT" in told


def test_body_without_a_length_is_limited_too(tmp_path: Path) -> None:
    with running_service("room", sqlite_url(tmp_path), tmp_path) as running:
        parts = iter([b" " * 1024] * 65)
        headers = {"Content-Type": "application/json"}
        answer = urllib3.request(
            "POST", f"{running.url}/api/room/block", body=parts, headers=headers, retries=False
        )
        assert answer.status == 413


def hold_rooms(database_url: str) -> Callable[[], None]:
    """Keep others from writing to the rooms until the function that is returned is called."""
    if database_url.startswith("sqlite"):
        holder = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        return holder.close
    server = psycopg.connect(database_url)
    server.execute("SELECT * FROM rooms FOR UPDATE")
    return server.close


def in_flight(url: str) -> int:
    text = urllib3.request("GET", f"{url}/metrics").data.decode()
    [line] = [line for line in text.splitlines() if line.startswith("hotel_http_requests_in_flight ")]
    return int(float(line.split()[1]))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GRACE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
