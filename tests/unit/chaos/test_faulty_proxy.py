"""What the proxy before a server does to those who call it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3
from chaos.certificates import Certificates
from chaos.faulty_proxy import FaultyProxy, faulty
from chaos.history import History
from chaos.traps import STEPS, Step, Trap
from support.serving import serving
from support.waiting import eventually

TASK = b'[{"id": "task"}]'


class Server:
    """Notes what reaches it, and answers."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.answer = TASK


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", str(len(server.answer)))
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(listener):
        yield f"http://127.0.0.1:{listener.server_address[1]}"


@pytest.fixture
def proxy(address: str) -> Iterator[FaultyProxy]:
    with faulty(address) as proxy:
        yield proxy


def ask(proxy: FaultyProxy, path: str) -> bytes | None:
    """Send a request as a worker does; return None where the connection is cut off."""
    body = json.dumps({"workerId": "worker-1:aa", "maxTasks": 3}).encode()
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        try:
            return pool.request("POST", proxy.url + path, body=body).data
        except urllib3.exceptions.HTTPError:
            return None


def trap(proxy: FaultyProxy, step: Step, *, can: bool = True) -> list[int]:
    """Set a trap; return the list of those who were caught, by the ports of their connections."""
    caught: list[int] = []

    def spring(port: int) -> bool:
        caught.append(port)
        return can

    proxy.trap = Trap(step, spring)
    return caught


def test_all_workers_get_one_id_on_their_way(server: Server, proxy: FaultyProxy) -> None:
    ask(proxy, "/external-task/fetchAndLock")
    proxy.worker_id = "one-for-both"
    ask(proxy, "/external-task/fetchAndLock")

    assert server.bodies == [
        {"workerId": "worker-1:aa", "maxTasks": 3},
        {"workerId": "one-for-both", "maxTasks": 3},
    ]


@pytest.mark.parametrize(
    ("step", "path", "reached", "answered"),
    [
        ("with tasks that were fetched", "/external-task/fetchAndLock", 1, None),
        ("before a service call", "/api/room/block", 0, None),
        ("during a service call", "/api/room/block", 1, TASK),
        ("after a service call", "/api/room/block", 1, None),
        ("before complete", "/external-task/1/complete", 0, None),
        ("during complete", "/external-task/1/complete", 1, TASK),
        ("after complete", "/external-task/1/complete", 1, None),
    ],
)
def test_a_trap_catches_the_first_caller_at_its_step_once(
    server: Server, proxy: FaultyProxy, step: str, path: str, reached: int, answered: bytes | None
) -> None:
    caught = trap(proxy, STEPS[step])

    assert ask(proxy, path) == answered
    assert len(server.bodies) == reached
    assert ask(proxy, path) == TASK
    assert len(caught) == 1
    assert proxy.trap is not None
    assert proxy.trap.wait(0)


def test_other_requests_pass(server: Server, proxy: FaultyProxy) -> None:
    caught = trap(proxy, STEPS["before complete"])

    assert ask(proxy, "/external-task/1/extendLock") == TASK
    assert not caught


def test_a_fetch_without_tasks_passes(server: Server, proxy: FaultyProxy) -> None:
    server.answer = b"[]"
    caught = trap(proxy, STEPS["with tasks that were fetched"])

    assert ask(proxy, "/external-task/fetchAndLock") == b"[]"
    assert not caught


def test_a_caller_that_is_no_worker_passes(server: Server, proxy: FaultyProxy) -> None:
    trap(proxy, STEPS["before complete"], can=False)

    assert ask(proxy, "/external-task/1/complete") == TASK


def test_a_trap_that_was_waited_for_too_long_catches_nobody(server: Server, proxy: FaultyProxy) -> None:
    caught = trap(proxy, STEPS["before complete"])
    assert proxy.trap is not None

    assert not proxy.trap.wait(0)
    assert ask(proxy, "/external-task/1/complete") == TASK
    assert not caught


def test_changed_certificates_count_at_once_and_are_trusted_when_told(address: str, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with (
        faulty(address, certificates=certificates) as proxy,
        urllib3.PoolManager(retries=False, timeout=30, ca_certs=str(certificates.file)) as pool,
    ):
        before = pool.request("POST", proxy.url, body=b"{}").data
        certificates.rotate()
        # The connection that was kept is cut off, and a new one does not trust the new authority.
        with pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("POST", proxy.url, body=b"{}")
        with pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            pool.request("POST", proxy.url, body=b"{}")
        certificates.trust()
        after = pool.request("POST", proxy.url, body=b"{}").data

    assert before == after == TASK


def test_a_request_is_delivered_twice(server: Server, proxy: FaultyProxy) -> None:
    proxy.set("twice")

    assert ask(proxy, "/api/room/block") == TASK

    assert len(server.bodies) == 2
    assert server.bodies[0] == server.bodies[1]


def test_a_request_comes_again_later_while_others_follow_on_its_connection(address: str) -> None:
    history = History()
    with (
        faulty(address, history) as proxy,
        urllib3.PoolManager(retries=False, timeout=30, maxsize=1) as pool,
    ):
        proxy.set("again", 0.3)
        pool.request("POST", f"{proxy.url}/api/room/block", body=b'{"room_id": 1}')
        proxy.set("pass")
        pool.request("POST", f"{proxy.url}/api/room/confirm", body=b'{"other": 2}')

        eventually(lambda: len(history.operations) == 3)

    assert [(each.kind, dict(each.asked), each.status) for each in history.operations] == [
        ("/api/room/block", {"room_id": 1}, 200),
        ("/api/room/confirm", {"other": 2}, 200),
        ("/api/room/block", {"room_id": 1}, None),
    ]


def test_what_came_once_more_is_on_record_without_an_answer(address: str) -> None:
    history = History()
    with faulty(address, history) as proxy:
        proxy.set("twice")
        ask(proxy, "/api/room/block")

    assert sorted(operation.status or 0 for operation in history.operations) == [0, 200]
