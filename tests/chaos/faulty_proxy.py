"""A proxy over real sockets that records what passes, and delays, refuses or cuts it off on demand."""

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3
from support.serving import serving

from chaos.certificates import HOST, Certificates
from chaos.history import History
from chaos.traps import Moment, Trap

_TIMEOUT_SECONDS = 70.0
_RESET = struct.pack("ii", 1, 0)


class FaultyProxy:
    """What stands between a worker and a server.

    Attributes:
        url: where it listens.
        mode: `pass`; `error` answers 500 without asking; `slow` waits before it asks; `late` waits before it
            answers; `reset` cuts the connection off, every other time after it has asked; `swallow` asks and
            never answers; `twice` asks twice, `again` once more after a while, both with the first answer.
        seconds: how long `slow`, `late` and `again` wait.
        calls: how many requests came.
        trap: what is to happen to the caller at a request, once.
        worker_id: the one that all workers get on their way to the engine; None leaves them their own.
        certificates: for TLS; None for plain HTTP.
    """

    def __init__(
        self, target: str, history: History | None = None, certificates: Certificates | None = None
    ) -> None:
        self.target = target
        self.history = history
        self.certificates = certificates
        self.mode = "pass"
        self.seconds = 0.0
        self.calls = 0
        self.trap: Trap | None = None
        self.worker_id: str | None = None
        self.url = ""
        self.pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS, maxsize=64)
        # What waits ends with the fault that made it wait.
        self.changed = threading.Condition()

    def set(self, mode: str, seconds: float = 0.0) -> None:
        """Behave so from now on."""
        with self.changed:
            self.mode, self.seconds = mode, seconds
            self.changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the mode changes."""
        mode = self.mode
        with self.changed:
            self.changed.wait_for(lambda: self.mode != mode, seconds)

    @property
    def rotations(self) -> int:
        """How often its certificate was changed."""
        return self.certificates.rotations if self.certificates else 0


@dataclass(frozen=True)
class _Request:
    """A request as it came: its handler may serve the next one of its connection before it is repeated."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def setup(self) -> None:
        super().setup()
        self._rotations = self.proxy.rotations

    def parse_request(self) -> bool:
        if self._rotations == self.proxy.rotations:
            return super().parse_request()
        # The connection began under a certificate that is no longer the server's.
        self._cut_off()
        return False

    def do_GET(self) -> None:
        began, proxy = time.monotonic(), self.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = _Request(self.command, self.path, dict(self.headers.items()), body)
        proxy.calls += 1
        number, mode = proxy.calls, proxy.mode
        if mode == "error":
            self._answer(500, b'{"code": "INTERNAL_ERROR"}', "application/problem+json", {})
            return
        if mode == "reset" and number % 2:
            self._cut_off()
            return
        if mode == "slow":
            proxy.wait(proxy.seconds)
        trap = proxy.trap
        if trap is not None and self._springs(trap, Moment.BEFORE):
            self._cut_off()
            return
        with trap.within(self.path, self._port) if trap is not None else nullcontext():
            answer = self._ask(sent)
        self._ask_again(mode, sent)
        if answer is not None and trap is not None and self._springs(trap, Moment.AFTER, answer.data):
            self._record(sent, began, None)
            self._cut_off()
            return
        if answer is None:
            self._record(sent, began, None)
            self._cut_off()
            return
        if mode == "late":
            proxy.wait(proxy.seconds)
        if mode == "swallow":
            proxy.wait(_TIMEOUT_SECONDS)
        if mode in {"reset", "swallow"}:
            self._record(sent, began, None)
            self._cut_off()
            return
        self._record(sent, began, answer)
        kept = {name: value for name, value in answer.headers.items() if name in {"Retry-After", "Location"}}
        self._answer(answer.status, answer.data, answer.headers.get("Content-Type", ""), kept)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names are the server's

    @property
    def _port(self) -> int:
        """Where the caller's connection begins."""
        return int(self.client_address[1])

    def _springs(self, trap: Trap, moment: Moment, answer: bytes = b"") -> bool:
        return trap.springs(moment, self.path, self._port, answer)

    def _ask(self, sent: "_Request") -> urllib3.BaseHTTPResponse | None:
        body = sent.body
        headers = {name: value for name, value in sent.headers.items() if name not in {"Host", "Connection"}}
        if self.proxy.worker_id is not None and "workerId" in (asked := _object(body) or {}):
            body = json.dumps({**asked, "workerId": self.proxy.worker_id}).encode()
            headers["Content-Length"] = str(len(body))
        try:
            return self.proxy.pool.request(
                sent.method, self.proxy.target + sent.path, body=body, headers=headers
            )
        except urllib3.exceptions.HTTPError:
            return None

    def _ask_again(self, mode: str, sent: "_Request") -> None:
        if mode == "twice":
            self._repeat(sent)
        if mode == "again":
            later = threading.Timer(self.proxy.seconds, self._repeat, [sent])
            later.daemon = True
            later.start()

    def _repeat(self, sent: "_Request") -> None:
        """Ask once more, as a network may that delivers what it had delivered; nobody hears the answer."""
        began = time.monotonic()
        self._ask(sent)
        self._record(sent, began, None)

    def _record(self, sent: "_Request", began: float, answer: urllib3.BaseHTTPResponse | None) -> None:
        if self.proxy.history is not None and sent.method == "POST":
            status = None if answer is None else answer.status
            answered = None if answer is None else _object(answer.data)
            self.proxy.history.add(sent.path, _object(sent.body) or {}, began, status, answered)

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        # The caller may have given up.
        with suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def _cut_off(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Long polls and retries of all clients at once.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that are gone: they are killed on purpose."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def faulty(
    target: str, history: History | None = None, certificates: Certificates | None = None
) -> Iterator[FaultyProxy]:
    """Run a proxy before a server until the block ends, behind TLS where it is given certificates."""
    proxy = FaultyProxy(target, history, certificates)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server((HOST, 0), handler)
    scheme = "https" if certificates else "http"
    proxy.url = f"{scheme}://{HOST}:{server.server_address[1]}"
    if certificates:
        # The handshake is left to the thread of each connection: it may fail, or hang.
        server.socket = certificates.context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    with serving(server):
        try:
            yield proxy
        finally:
            proxy.set("pass")
    proxy.pool.clear()
