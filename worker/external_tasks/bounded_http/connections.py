"""Connections on which each step of a call has the time that is left of the whole.

urllib3 sets a socket's timeout before each step and each read begins it again. What is overridden here: the
timeout that urllib3 asks for, and the file that the standard library's response reads from.
"""

import http.client
import io
import socket
import time
from functools import partial
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from external_tasks.bounded_http.route import Route

CONNECT_SECONDS = 5.0
"""Connecting may take no longer, however much time a call has."""


class Deadline(urllib3.Timeout):
    """Gives each step of a call the time that is left of the whole."""

    def __init__(self, seconds: float) -> None:
        super().__init__(total=seconds)
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left of the call."""
        return max(0.0, self._until - time.monotonic())

    def clone(self) -> "Deadline":
        """Return this one: a second try has no time of its own."""
        return self

    def start_connect(self) -> float:
        """Note nothing: the call began when this was made."""
        return time.monotonic()

    @property
    def connect_timeout(self) -> float:
        """What is left; not 0, which would mean not to block."""
        return max(0.001, self.left)

    @property
    def read_timeout(self) -> float:
        """What is left."""
        return self.left


class DeadlineReader(io.RawIOBase):
    """Reads from a socket until a moment; the socket's own timeout would begin again with each read."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        """Say that it is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it until the moment."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close what it reads from."""
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """Reads status line, headers and body, each byte of them, before one deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(DeadlineReader(self.fp.detach(), sock, until))

    def _safe_read(self, amt: int) -> bytes:
        """Read so many bytes of a chunk; one of a negative size would be read without end or limit."""
        if amt < 0:
            raise http.client.HTTPException("a chunk of negative size")
        return super()._safe_read(amt)  # type: ignore[misc, no-any-return]  # not in typeshed


class _BoundedConnection(HTTPConnection):
    """Has, in `timeout`, the seconds that are left of the call, as the pool sets it from `Deadline`."""

    def connect(self) -> None:
        left = self.timeout
        self.timeout = min(left or CONNECT_SECONDS, CONNECT_SECONDS)
        # For a proxy's answer to CONNECT; the one of the call before has another deadline.
        self.response_class = partial(  # type: ignore[assignment]
            _BoundedResponse, until=time.monotonic() + self.timeout
        )
        try:
            super().connect()
        finally:
            self.timeout = left
        self.sock.settimeout(left)

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is not None:
            # A kept-alive socket still has what was left at the end of the call before.
            self.sock.settimeout(self.timeout)
        super().request(*arguments, **options)

    def getresponse(self) -> Any:
        until = time.monotonic() + (self.timeout or 0.0)
        self.response_class = partial(_BoundedResponse, until=until)  # type: ignore[assignment]
        return super().getresponse()


class _BoundedTlsConnection(_BoundedConnection, HTTPSConnection):
    """The same over TLS."""


class HttpPool(urllib3.HTTPConnectionPool):
    """Connections to a server; `pool_size` is their number at most."""

    ConnectionCls = _BoundedConnection
    pool_size = 0


class HttpsPool(urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _BoundedTlsConnection
    pool_size = 0


def open_pool(url: str, route: Route, size: int) -> HttpPool | HttpsPool:
    """Make the pool of connections to a URL's server, or to the proxy before it."""
    options: dict[str, Any] = {"maxsize": size, "block": True, **route.tls}
    manager = (
        urllib3.PoolManager(num_pools=1, **options)
        if route.proxy_address is None
        else urllib3.ProxyManager(
            route.proxy_address, num_pools=1, proxy_headers=route.proxy_headers, **options
        )
    )
    manager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    pool: HttpPool | HttpsPool = manager.connection_from_url(url)  # type: ignore[assignment]
    pool.pool_size = size
    return pool
