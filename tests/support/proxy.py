"""A proxy before a service that misbehaves as a test wants it to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

import urllib3

from support.serving import serving


class Proxy:
    """Passes requests on to a service; those of some paths it answers badly.

    Attributes:
        url: where it listens.
        failing: paths that it answers with 503 without asking the service.
        stalling: paths whose answers it keeps to itself.
        stalled: is set once the service has answered such a request.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.failing: set[str] = set()
        self.stalling: set[str] = set()
        self.stalled = Event()
        self.released = Event()
        self.pool = urllib3.PoolManager(retries=False, timeout=30)
        self.url = ""


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """Run a proxy before a service until the block ends."""
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            if path in proxy.failing:
                self._answer(503, b"{}", "application/problem+json")
                return
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            answer = proxy.pool.request(self.command, proxy.target + self.path, body=content, headers=headers)
            if path in proxy.stalling:
                proxy.stalled.set()
                proxy.released.wait(60)
                self.close_connection = True
                return
            self._answer(answer.status, answer.data, answer.headers.get("Content-Type", ""))

        do_POST = do_GET  # noqa: N815  # the name is the server's

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        try:
            yield proxy
        finally:
            proxy.released.set()
    proxy.pool.clear()
