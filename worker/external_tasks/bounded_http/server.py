"""A server for probes and other small requests, with a limit on everything that its clients decide.

The standard library's gives each connection a thread for as long as its client likes: one that sends a byte
now and then keeps it, and enough of them keep all. Here a connection has one deadline for all of it, and the
one that has waited longest for its request makes room for a new one.
"""

import io
import logging
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from external_tasks.bounded_http.connections import DeadlineReader

log = logging.getLogger(__name__)


class BoundedServer(ThreadingHTTPServer):
    """Serves connections side by side, no more than so many.

    Args:
        address: host and port; an empty host means all addresses, IPv6 included where there is any.
        handler: answers.
        connections: at once, at most.
        dropped: called for each connection that is closed for want of room.
    """

    daemon_threads = True
    dual_stack = False
    # The standard library's 5 would let connections that come at once wait for seconds until they try again.
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: type["BoundedHandler"],
        *,
        connections: int,
        dropped: Callable[[], None] = lambda: None,
    ) -> None:
        self._most = connections
        self._dropped = dropped
        self._changing = threading.Lock()
        # In the order in which they came.
        self._waiting: dict[socket.socket, None] = {}
        self._served: set[socket.socket] = set()
        if not address[0] and socket.has_dualstack_ipv6():
            self.address_family, self.dual_stack = socket.AF_INET6, True
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind the socket, for both families where the host is empty."""
        if self.dual_stack:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def begin(self, connection: socket.socket) -> None:
        """Note that a whole request has come, so that the connection is not closed before its answer."""
        with self._changing:
            if connection in self._waiting:
                del self._waiting[connection]
                self._served.add(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection a thread, if there is room or can be made."""
        if not self._take_in(request):
            self._dropped()
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._let_go(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._let_go(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's names
        """Say nothing aloud: clients that go away in between are no error of this program."""
        log.debug("a request was not answered")

    def _take_in(self, connection: socket.socket) -> bool:
        with self._changing:
            if len(self._waiting) + len(self._served) >= self._most:
                oldest = next(iter(self._waiting), None)
                if oldest is None:
                    return False
                del self._waiting[oldest]
                self._end(oldest)
            self._waiting[connection] = None
            return True

    def _end(self, connection: socket.socket) -> None:
        """Let its thread, which waits for the client, read the end."""
        self._dropped()
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("a connection had ended before it was closed")

    def _let_go(self, connection: socket.socket) -> None:
        with self._changing:
            self._waiting.pop(connection, None)
            self._served.discard(connection)


class BoundedHandler(BaseHTTPRequestHandler):
    """Reads one request, and writes its answer, within `seconds` from its connection on; logs no line for it.

    One that is served calls `begin` once its request is read.
    """

    seconds = 10.0

    def setup(self) -> None:
        """Begin the time of the connection."""
        super().setup()
        self.connection.settimeout(self.seconds)
        raw: Any = self.rfile.detach()
        self.rfile = io.BufferedReader(DeadlineReader(raw, self.connection, time.monotonic() + self.seconds))

    def begin(self) -> None:
        """Keep the connection from being closed for others: its request is read."""
        if isinstance(self.server, BoundedServer):
            self.server.begin(self.connection)

    def log_message(self, *_: object) -> None:
        """Probes and their like come every few seconds: no line for each."""
