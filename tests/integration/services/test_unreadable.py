"""Bytes that are no HTTP request, or hardly one, sent to a service that keeps secrets."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.services import RunningService, running_service, sqlite_url

ADDRESS = b"jean.secret@example.com"
TOKEN = "token-that-is-secret"
CREATE = b"POST /api/client/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SEARCH = b"GET /api/client/search?email=" + ADDRESS


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder: Path = tmp_path_factory.mktemp("clients")
    environment = {"SERVICE_TOKEN": TOKEN, "CLIENT_SECONDS": "1"}
    with running_service("client", sqlite_url(folder), folder, **environment) as running:
        yield running


def exchange(service: RunningService, sent: bytes) -> tuple[int, bytes, bytes]:
    """Send the bytes; return the answer's status, head and body."""
    address = urlsplit(service.url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(sent)
        status = int(answer.readline().split()[1])
        head = b"".join(iter(answer.readline, b"\r\n"))
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        return status, head, answer.read(length)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (SEARCH + b" HTTP/1.1 please\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST"),
        (SEARCH + b" HTTP/9.1\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST"),
        (b"get " + SEARCH + b"\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET /livez HTTP/1.1\r\n" + ADDRESS + b" : x\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET /livez HTTP/1.1\r\nAuthorization Bearer " + TOKEN.encode() + b"\r\n\r\n", 400, "BAD_REQUEST"),
        (CREATE + b"Content-Length: " + ADDRESS + b"\r\n\r\n", 400, "BAD_REQUEST"),
        (CREATE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400, "BAD_REQUEST"),
        (SEARCH * 500 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "URI_TOO_LONG"),
        (b"GET /livez HTTP/1.1\r\n" + b"X: x\r\n" * 200 + b"\r\n", 431, "HEADERS_TOO_LARGE"),
        (b"GET //api/client/clients HTTP/1.1\r\nHost: x\r\n\r\n", 401, "UNAUTHORIZED"),
        (b"GET /docs//x HTTP/1.1\r\nHost: x\r\n\r\n", 404, "NOT_FOUND"),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    clients: RunningService, sent: bytes, status: int, code: str
) -> None:
    answered, head, body = exchange(clients, sent)

    assert (answered, json.loads(body)["code"]) == (status, code)
    assert b"application/problem+json" in head


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\n{}\r\n" + ADDRESS,
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n",
        b"Content-Length: 500\r\n\r\n{" + ADDRESS,
    ],
)
def test_body_that_is_not_as_announced_is_a_problem(clients: RunningService, body: bytes) -> None:
    token = f"Authorization: Bearer {TOKEN}\r\n".encode()

    answered, head, problem = exchange(clients, CREATE + token + body)

    assert (answered, json.loads(problem)["code"]) == (400, "BAD_REQUEST")
    assert b"application/problem+json" in head


def test_client_that_falls_silent_is_left_without_ado(clients: RunningService) -> None:
    address = urlsplit(clients.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(SEARCH)
        assert connection.recv(1) == b""


def test_nothing_of_it_is_logged(tmp_path: Path) -> None:
    with running_service("client", sqlite_url(tmp_path), tmp_path, CLIENT_SECONDS="1") as running:
        exchange(running, b"GET /livez HTTP/1.1\r\n" + ADDRESS + b" : x\r\n\r\n")
        exchange(running, CREATE + b"Transfer-Encoding: chunked\r\n\r\n{}\r\n" + ADDRESS)
        exchange(running, CREATE + b"Content-Length: 500\r\n\r\n{" + ADDRESS)
        log = running.log.read_text()

    assert "unreadable request" in log
    assert ADDRESS.decode() not in log
    assert "Traceback" not in log
