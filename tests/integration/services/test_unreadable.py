"""Bytes that are no HTTP request, or hardly one, sent to a service that keeps secrets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.raw_http import exchange
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
    answer = exchange(clients.url, sent)

    assert (answer.status, answer.code) == (status, code)
    assert b"application/problem+json" in answer.head


@pytest.mark.parametrize(
    "body",
    [
        b"Transfer-Encoding: chunked\r\n\r\n{}\r\n" + ADDRESS,
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n",
    ],
)
def test_body_that_is_not_as_announced_is_a_problem(clients: RunningService, body: bytes) -> None:
    token = f"Authorization: Bearer {TOKEN}\r\n".encode()

    answer = exchange(clients.url, CREATE + token + body)

    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert b"application/problem+json" in answer.head


@pytest.mark.parametrize("sent", [SEARCH, CREATE + b"Content-Length: 500\r\n\r\n{" + ADDRESS])
def test_client_that_falls_silent_is_refused(clients: RunningService, sent: bytes) -> None:
    answer = exchange(clients.url, sent)
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")


def test_nothing_of_it_is_logged(tmp_path: Path) -> None:
    with running_service("client", sqlite_url(tmp_path), tmp_path, CLIENT_SECONDS="1") as running:
        exchange(running.url, b"GET /livez HTTP/1.1\r\n" + ADDRESS + b" : x\r\n\r\n")
        exchange(running.url, CREATE + b"Transfer-Encoding: chunked\r\n\r\n{}\r\n" + ADDRESS)
        exchange(running.url, CREATE + b"Content-Length: 500\r\n\r\n{" + ADDRESS)
        log = running.log.read_text()

    assert "request refused" in log
    assert ADDRESS.decode() not in log
    assert "Traceback" not in log
