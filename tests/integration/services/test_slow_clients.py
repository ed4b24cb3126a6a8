"""Clients that send too slowly, too much or nothing, or do not read: nobody else waits for them."""

import contextlib
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from support.raw_http import WAIT_SECONDS, connect, connections, exchange, read_answer
from support.services import RunningService, running_service, sqlite_url
from support.waiting import eventually

SLOW = 200
BLOCK = b"POST /api/room/block HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ROOMS = b"GET /api/room/rooms HTTP/1.1\r\nHost: x\r\n\r\n"
DOCUMENT = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
BEGINNINGS = {
    "nothing": b"",
    "half a head": BLOCK,
    "half a body": BLOCK + b"Content-Length: 99\r\n\r\n{",
    "half a chunk": BLOCK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
}
PATIENT = {"THREADS": "1", "CLIENT_SECONDS": "600"}
IMPATIENT = {"THREADS": "1", "CLIENT_SECONDS": "1"}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one thread and a long limit for each request."""
    folder = tmp_path_factory.mktemp("patient")
    with running_service("room", sqlite_url(folder), folder, **PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with one thread that gives its clients a second."""
    folder = tmp_path_factory.mktemp("impatient")
    with running_service("room", sqlite_url(folder), folder, **IMPATIENT) as running:
        yield running


def stay(reservation_ref: str, room_id: str) -> bytes:
    nights = {"check_in": "2032-01-01", "check_out": "2032-01-02"}
    return json.dumps(
        {"reservation_ref": reservation_ref, "room_id": room_id, "guests": 1, **nights}
    ).encode()


def ask(url: str, path: str) -> int:
    # On a connection of its own: one that was kept may be closed to make room as the request is sent.
    with urllib3.PoolManager() as fresh:
        return fresh.request("GET", url + path, timeout=WAIT_SECONDS, retries=False).status


@contextmanager
def dripping(slow: Sequence[socket.socket]) -> Iterator[None]:
    """Send a byte on each connection again and again until the block ends."""
    end = threading.Event()

    def drip() -> None:
        while not end.wait(0.2):
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.send(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def is_open(connection: socket.socket) -> bool:
    """Return whether the server neither answered nor closed."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("sent", BEGINNINGS.values(), ids=BEGINNINGS.keys())
def test_slow_clients_keep_nobody_waiting(patient: RunningService, sent: bytes) -> None:
    """Two hundred of them send a byte now and then, and the service has one thread."""
    with connections(patient.url, SLOW) as slow:
        for connection in slow:
            connection.sendall(sent)
        with dripping(slow if sent else []):
            health = [ask(patient.health_url, path) for path in ("/livez", "/readyz", "/metrics")]
            main = [ask(patient.url, path) for path in ("/livez", "/readyz", "/metrics", "/api/room/rooms")]

        assert [*health, *main] == [200] * 7
        assert all(is_open(connection) for connection in slow)


def test_slow_clients_of_the_health_port_keep_nobody_waiting(patient: RunningService) -> None:
    with connections(patient.health_url, SLOW) as slow:
        for connection in slow:
            connection.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        with dripping(slow):
            assert [ask(patient.health_url, "/livez"), ask(patient.url, "/api/room/rooms")] == [200, 200]


def test_health_is_answered_while_requests_hold_every_thread(tmp_path: Path) -> None:
    """A writer has the database to itself, so that all requests wait, and more wait for a thread."""
    holding = {"THREADS": "2", "DATABASE_RETRY_SECONDS": "60"}
    url = sqlite_url(tmp_path)
    with (
        running_service("room", url, tmp_path, **holding) as running,
        connections(running.url, 10) as waiting,
    ):
        holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        body = stay("R", "101")
        for connection in waiting:
            connection.sendall(BLOCK + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        try:
            assert [ask(running.health_url, path) for path in ("/livez", "/metrics")] == [200, 200]
            assert all(is_open(connection) for connection in waiting)
        finally:
            holder.close()


@pytest.mark.parametrize(
    ("sent", "drip"),
    [
        (BLOCK + b"X: ", b"x"),
        (BLOCK + b"Content-Length: 60000\r\n\r\n{", b" "),
        (BLOCK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
)
def test_request_that_takes_too_long_is_refused_however_steadily_it_comes(
    impatient: RunningService, sent: bytes, drip: bytes
) -> None:
    with connect(impatient.url) as connection:
        connection.sendall(sent)
        deadline = time.monotonic() + WAIT_SECONDS
        while is_open(connection):
            assert time.monotonic() < deadline
            connection.setblocking(True)
            connection.sendall(drip)
            time.sleep(0.1)
        connection.settimeout(WAIT_SECONDS)
        answer = read_answer(connection)

    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
    assert b"connection: close" in answer.head.lower()


def test_connection_on_which_nothing_comes_is_closed(impatient: RunningService) -> None:
    with connect(impatient.url) as connection:
        assert connection.recv(1) == b""


def test_clients_that_do_not_read_keep_no_thread(impatient: RunningService) -> None:
    """Each asks for far more than the system's buffers hold and reads nothing of it."""
    with contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(connect(impatient.url, receive_bytes=4096)) for _ in range(4)]
        for connection in deaf:
            connection.setblocking(False)
            for _ in range(400):
                with contextlib.suppress(BlockingIOError):
                    connection.send(DOCUMENT)
        assert ask(impatient.url, "/api/room/rooms") == 200
        wait_until_closed(deaf)


def wait_until_closed(clients: Sequence[socket.socket]) -> None:
    """Wait until the service has closed its ends of these connections, read or not."""
    ports = {f"{connection.getsockname()[1]:04X}" for connection in clients}

    def has_open_end() -> bool:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        # An end that its process has closed is no file any more: its inode is 0.
        return any(row[2].partition(":")[2] in ports and row[9] != "0" for row in rows)

    eventually(lambda: not has_open_end(), seconds=WAIT_SECONDS)


def test_idle_connections_make_room_for_others(tmp_path: Path) -> None:
    few = {"CONNECTIONS": "8"}
    with (
        running_service("room", sqlite_url(tmp_path), tmp_path, **few) as running,
        connections(running.url, 8) as idle,
    ):
        for connection in idle:
            connection.sendall(ROOMS)
            assert read_answer(connection).status == 200
        assert ask(running.url, "/api/room/rooms") == 200
        # The one that had been idle for the longest time had to go; the others did not.
        assert idle[0].recv(1) == b""
        idle[-1].sendall(ROOMS)
        assert read_answer(idle[-1]).status == 200


def test_slow_connections_make_room_where_none_is_idle(tmp_path: Path) -> None:
    few = {"CONNECTIONS": "8", "CLIENT_SECONDS": "600"}
    with (
        running_service("room", sqlite_url(tmp_path), tmp_path, **few) as running,
        connections(running.url, SLOW) as slow,
    ):
        with dripping(slow):
            assert [ask(running.url, "/api/room/rooms") for _ in range(3)] == [200] * 3
        # The first to come had to go first.
        assert not is_open(slow[0])


def test_requests_that_come_together_are_answered_one_after_the_other(patient: RunningService) -> None:
    with connect(patient.url) as connection:
        connection.sendall(ROOMS + DOCUMENT + ROOMS)
        answers = [read_answer(connection) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert b"openapi" in answers[1].body


def test_request_in_small_parts_is_read(patient: RunningService) -> None:
    body = stay("parts", "101")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
    request = BLOCK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    with connect(patient.url) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request), 11):
            connection.sendall(request[start : start + 11])
        assert read_answer(connection).status == 201


def test_client_that_waits_for_leave_to_send_its_body_gets_it(patient: RunningService) -> None:
    body = stay("leave", "102")
    with connect(patient.url) as connection:
        connection.sendall(BLOCK + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert connection.recv(64) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection).status == 201


def test_body_that_is_announced_as_too_large_is_not_waited_for(patient: RunningService) -> None:
    answer = exchange(patient.url, BLOCK + b"Content-Length: 1000000000\r\n\r\n")
    assert (answer.status, answer.code) == (413, "CONTENT_TOO_LARGE")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + b"x" * 9000, 414, "URI_TOO_LONG"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, 431, "HEADERS_TOO_LARGE"),
        (
            b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: %s\r\n" % (n, b"x" * 8000) for n in range(9)),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 101, 431, "HEADERS_TOO_LARGE"),
        (BLOCK + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 9000, 400, "BAD_REQUEST"),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400, "BAD_REQUEST"),
    ],
)
def test_what_is_too_long_is_refused_before_its_end(
    patient: RunningService, sent: bytes, status: int, code: str
) -> None:
    answer = exchange(patient.url, sent)
    assert (answer.status, answer.code) == (status, code)


def test_body_that_ends_too_early_is_refused(patient: RunningService) -> None:
    with connect(patient.url) as connection:
        connection.sendall(BLOCK + b"Content-Length: 99\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
