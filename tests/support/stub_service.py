"""A small HTTP server that answers what a test tells it to, and remembers what it was asked."""

import json
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What is answered: a body as JSON, or bytes as they are; None closes the connection instead."""

    status: int | None = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = bool


class StubService:
    """Answers each path by a list of answers, and repeats the last of them."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, call: str, *answers: Answer) -> None:
        """Say what a call such as ``POST /api/room/block`` is answered with, now and next."""
        self._answers[call] = deque(answers)

    def answer_json(self, call: str, body: Any, status: int = 200) -> None:
        self.answer(call, Answer(status, body))

    def answer_problem(self, call: str, status: int, code: str, detail: str = "", **more: Any) -> None:
        self.answer(call, Answer(status, {"status": status, "code": code, "detail": detail, **more}))

    def take(self, request: Request) -> Answer:
        self.requests.append(request)
        answers = self._answers[f"{request.method} {request.path}"]
        if not answers:
            return Answer(404, {"status": 404, "code": "NOT_FOUND", "detail": "nothing scripted"})
        return answers[0] if len(answers) == 1 else answers.popleft()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not wait for its answer is what a test wanted."""


def _handler_for(service: StubService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        disable_nagle_algorithm = True

        def setup(self) -> None:
            service.connections += 1
            super().setup()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            request = Request(
                self.command, parts.path, query, json.loads(content or b"null"), dict(self.headers)
            )
            self._send(service.take(request))

        do_POST = do_GET  # noqa: N815 - the name is the server's

        def _send(self, answer: Answer) -> None:
            answer.before()
            if answer.status is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
