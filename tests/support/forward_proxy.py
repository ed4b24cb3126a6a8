"""An HTTP proxy that passes on whole URLs and opens tunnels."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3

from support.serving import serving


@dataclass
class ForwardProxy:
    """A running proxy.

    Attributes:
        address: host and port.
        refusing: it answers 407 to all.
        seen: what it was asked, in order: ``CONNECT host:port`` or method and URL.
        credentials: the Proxy-Authorization headers it was sent, in order.
    """

    address: str = ""
    refusing: bool = False
    seen: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)


@contextmanager
def forward_proxy() -> Iterator[ForwardProxy]:
    """Run a proxy for as long as the context lasts."""
    proxy, pool = ForwardProxy(), urllib3.PoolManager(retries=False, timeout=10)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def _refused(self) -> bool:
            proxy.seen.append(f"{self.command} {self.path}")
            proxy.credentials.append(self.headers.get("Proxy-Authorization"))
            if proxy.refusing:
                self.send_response(407)
                self.send_header("Content-Length", "0")
                self.end_headers()
            return proxy.refusing

        def do_CONNECT(self) -> None:
            if self._refused():
                return
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as server:
                self.send_response(200)
                self.end_headers()
                _carry(self.connection, server)
            self.close_connection = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self._refused():
                return
            hop = {"host", "proxy-authorization", "connection"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in hop}
            answer = pool.request(self.command, self.path, body=body, headers=headers)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names are the server's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.address = f"127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield proxy
    pool.clear()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while True:
            ready, _, _ = select.select([one, other], [], [], 10)
            if not ready:
                return
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                (other if source is one else one).sendall(data)
