import socket
import struct
import threading
import time

import pytest
import urllib3
from external_tasks.bounded_http.server import BoundedHandler
from external_tasks.health import HealthServer
from external_tasks.runtime.metrics import Metrics


def get(server: HealthServer, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    answer = urllib3.request("GET", f"http://{host}:{server.port}{path}", timeout=5, retries=False)
    return answer.status, answer.data.decode()


def test_probes_say_what_is_wrong() -> None:
    problems = {"alive": "", "ready": "engine not reached yet"}
    server = HealthServer(
        0, alive=lambda: problems["alive"], ready=lambda: problems["ready"], metrics=lambda: b""
    )
    server.start()
    try:
        assert get(server, "/livez") == (200, "ok\n")
        assert get(server, "/readyz?verbose") == (503, "engine not reached yet\n")
        problems.update(alive="thread fetch has ended", ready="")
        assert get(server, "/livez") == (503, "thread fetch has ended\n")
        assert get(server, "/readyz") == (200, "ok\n")
        assert get(server, "/nothing")[0] == 404
    finally:
        server.close()


def test_metrics_are_served_as_text() -> None:
    metrics = Metrics()
    metrics.task_ended("mail", "completed", 0.02)
    metrics.fetched(0.1, ["mail", "mail"])
    metrics.fetch_failed("EngineUnreachable")
    metrics.engine_up(up=True)
    metrics.watch_slots(8, lambda: 3)
    server = HealthServer(0, alive=str, ready=str, metrics=metrics.render, host="127.0.0.1")
    server.start()
    try:
        status, text = get(server, "/metrics")
    finally:
        server.close()

    assert status == 200
    prefix = "external_task_worker_"
    for line in (
        f'{prefix}tasks_total{{outcome="completed",topic="mail"}} 1.0',
        f'{prefix}handler_seconds_count{{topic="mail"}} 1.0',
        f'{prefix}fetched_tasks_total{{topic="mail"}} 2.0',
        f"{prefix}fetch_seconds_count 1.0",
        f'{prefix}fetch_errors_total{{kind="EngineUnreachable"}} 1.0',
        f"{prefix}engine_up 1.0",
        f"{prefix}slots 8.0",
        f"{prefix}free_slots 3.0",
    ):
        assert line in text.splitlines()


def test_a_metric_that_fails_ends_no_page_without_an_answer() -> None:
    def fail() -> bytes:
        raise RuntimeError("a collector of the user's")

    server = HealthServer(0, alive=str, ready=str, metrics=fail, host="127.0.0.1")
    server.start()
    try:
        assert get(server, "/metrics") == (500, "this page failed; the log says why\n")
        assert get(server, "/livez") == (200, "ok\n")
    finally:
        server.close()


def test_it_listens_where_it_is_told_only() -> None:
    server = HealthServer(0, alive=str, ready=str, metrics=bytes, host="127.0.0.1")
    server.start()
    try:
        assert get(server, "/livez")[0] == 200
        with pytest.raises(urllib3.exceptions.HTTPError):
            get(server, "/livez", "127.0.0.2")
    finally:
        server.close()


def test_a_server_that_never_started_can_be_closed() -> None:
    HealthServer(0, alive=str, ready=str, metrics=bytes).close()


DRIPPING = {"request line": b"G", "headers": b"GET /livez HTTP/1.1\r\nX-Slow: x"}


@pytest.mark.parametrize("begun", DRIPPING.values(), ids=DRIPPING)
def test_a_client_that_drips_keeps_its_thread_for_a_while_only(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHandler, "seconds", 0.5)
    server = HealthServer(0, alive=str, ready=str, metrics=bytes, host="127.0.0.1")
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.settimeout(0.05)
            connection.sendall(begun)
            started, ended = time.monotonic(), False
            while not ended:
                # A byte well within any limit of a single read.
                try:
                    ended = connection.recv(1000) == b""
                    connection.sendall(b"x")
                except TimeoutError:
                    connection.sendall(b"x")
                except OSError:
                    ended = True
                assert time.monotonic() - started < 30
    finally:
        server.close()


def test_probes_are_answered_whatever_connections_are_open() -> None:
    server = HealthServer(0, alive=str, ready=str, metrics=bytes, host="127.0.0.1")
    server.start()
    before = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    try:
        for _ in range(100):
            assert get(server, "/livez") == (200, "ok\n")
        assert threading.active_count() - before < 100
    finally:
        for connection in silent:
            connection.close()
        server.close()


def test_a_client_that_goes_away_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    server = HealthServer(0, alive=str, ready=str, metrics=lambda: b"x" * 10_000_000, host="127.0.0.1")
    server.start()
    try:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
                connection.recv(1)
        assert get(server, "/livez") == (200, "ok\n")
    finally:
        server.close()

    assert capfd.readouterr() == ("", "")
