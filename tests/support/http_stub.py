"""A server that gives the answers a test wants."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.serving import serving


@dataclass(frozen=True)
class Request:
    """What reached the server."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server does with a request.

    Args:
        status: of the answer.
        body: bytes as they are, anything else as JSON, None for nothing.
        hang_up: close the connection without an answer.
        delay: hold the answer until this is set.
        headers: beside those that HTTP needs.
    """

    status: int = 200
    body: Any = None
    hang_up: bool = False
    delay: threading.Event | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class HttpStub:
    """A running server.

    Attributes:
        url: its root.
        answers: what to answer, in order; 204 when there is nothing left.
        requests: what came, in order.
    """

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    def answer(self, *answers: Answer) -> None:
        self.answers.extend(answers)


@contextmanager
def http_stub(tls: ssl.SSLContext | None = None) -> Iterator[HttpStub]:
    """Run a server for as long as the context lasts; over TLS if it is given a certificate."""
    stub = HttpStub()
    server = _Server(("127.0.0.1", 0), _handler_for(stub))
    if tls is not None:
        # The handshake belongs to the thread of a connection: one that does not end must not stop the others.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    stub.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}/engine-rest"
    with serving(server):
        yield stub


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that stops reading is what a test wanted."""


def _handler_for(stub: HttpStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stub.requests.append(
                Request(self.command, self.path, dict(self.headers), body, self.client_address[1])
            )
            answer = stub.answers.popleft() if stub.answers else Answer(204)
            if answer.delay is not None:
                answer.delay.wait(10)
            if answer.hang_up:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
