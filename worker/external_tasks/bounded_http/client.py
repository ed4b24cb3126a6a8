"""The client: one server, one deadline a call, one limit of size."""

import os
import threading
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import EmptyPoolError, HTTPError, ProtocolError, ProxyError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from external_tasks import checks
from external_tasks.bounded_http.connections import Deadline, HttpPool, HttpsPool, open_pool
from external_tasks.bounded_http.messages import NoResponseError, Request, Response, ResponseTooLargeError
from external_tasks.bounded_http.route import Route

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
"""Default limit of a response's body, counted after it is decompressed."""

MOST_CONNECTIONS = 10_000
"""A pool keeps a place for each: more would take memory, and no machine opens them."""

_CHUNK_BYTES = 64 * 1024


class BoundedHttp:
    """A thread-safe client of one server that keeps its connections open.

    It follows no redirect, so credentials reach no other server. It repeats nothing, with one exception: a
    request that is declared repeatable is sent once more, within the same time, when the connection was
    closed before a complete response: a kept-alive connection may be closed in the moment it is used again.

    Connections belong to the process that opened them: after a fork the child opens its own.

    Args:
        url: the server's URL; requests go below its path.
        pool_size: connections at most; further callers wait for a free one.
        route: how to reach the server; None: directly, trusting whom the system trusts.
        max_response_bytes: largest body of a response, decompressed.

    Raises:
        ValueError: a limit is not a positive number, or the route cannot lead to the URL.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        route: Route | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self._url = url
        self._path = urlsplit(url).path.rstrip("/")
        self._route = route or Route()
        self._route.check_for(url)
        # A proxy of http URLs sees the whole request; one of https URLs is a tunnel.
        self._prefix = url.rstrip("/") if self._route.proxy and url.startswith("http:") else self._path
        self._max_bytes = checks.positive_int("max_response_bytes", max_response_bytes)
        self._own_size = checks.positive_int("pool_size", pool_size, at_most=MOST_CONNECTIONS)
        self._reserved = 0
        self._resizing = threading.Lock()
        self._open()

    def send(self, request: Request, timeout: float) -> Response:
        """Send a request and return the complete response.

        Args:
            request: what to send.
            timeout: seconds for all of it: waiting for a connection, connecting, sending, reading to the end.

        Raises:
            NoResponseError: there was no complete response in time.
            ResponseTooLargeError: its body is larger than the limit.
        """
        pool, deadline = self._pool_of_this_process(), Deadline(timeout)
        try:
            return self._send(pool, request, deadline)
        except ProtocolError as error:
            if not request.repeatable:
                raise _no_response(error, pool, timeout) from error
        except (HTTPError, OSError, ValueError) as error:
            raise _no_response(error, pool, timeout) from error
        try:
            return self._send(pool, request, deadline)
        except (HTTPError, OSError, ValueError) as error:
            raise _no_response(error, pool, timeout) from error

    def reserve(self, count: int) -> None:
        """Add connections for calls that must not wait for one another; calls under way are not disturbed."""
        with self._resizing:
            self._reserved += count
            if max(self._own_size, self._reserved) > self._pool.pool_size:
                self._open()

    def release(self, count: int) -> None:
        """Take back a reservation."""
        with self._resizing:
            self._reserved = max(0, self._reserved - count)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._pool: HttpPool | HttpsPool = open_pool(
            self._url, self._route, max(self._own_size, self._reserved)
        )

    def _pool_of_this_process(self) -> HttpPool | HttpsPool:
        if self._pid != os.getpid():
            # A fork has copied the parent's connections, and perhaps a lock that one of its threads held.
            self._resizing = threading.Lock()
            self._open()
        return self._pool

    def _send(self, pool: HttpPool | HttpsPool, request: Request, deadline: Deadline) -> Response:
        response = pool.urlopen(
            request.method,
            self._prefix + request.target,
            body=request.body,
            headers=dict(request.headers),
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=deadline,
            pool_timeout=deadline.left,  # type: ignore[arg-type]  # the queue below takes fractions
            preload_content=False,
        )
        return Response(response.status, response.headers, self._read(response, deadline))

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: Deadline) -> bytes:
        content = bytearray()
        for chunk in response.stream(_CHUNK_BYTES):
            content += chunk
            if len(content) > self._max_bytes or not deadline.left:
                response.close()
                response.release_conn()
                if len(content) > self._max_bytes:
                    raise ResponseTooLargeError(
                        f"the response is larger than {self._max_bytes} bytes: ask for less, "
                        "or raise max_response_bytes",
                        "ResponseTooLarge",
                    )
                raise HTTPTimeoutError("reading took too long")
        return bytes(content)


def _no_response(error: Exception, pool: HttpPool | HttpsPool, timeout: float) -> NoResponseError:
    if isinstance(error, EmptyPoolError):
        return NoResponseError(
            f"all {pool.pool_size} connections are busy; give the client a larger pool_size", "PoolExhausted"
        )
    if isinstance(error, HTTPTimeoutError) and not isinstance(error, urllib3.exceptions.NewConnectionError):
        return NoResponseError(
            f"timed out: no complete response within {timeout:g} s; raise timeout if it needs longer",
            type(error).__name__,
        )
    if isinstance(error, ProxyError):
        return NoResponseError(
            f"the proxy gives no connection: {_reason(error.original_error)}", "ProxyError"
        )
    return NoResponseError(_reason(error), type(error).__name__)


def _reason(error: Exception) -> str:
    # urllib3's texts start with the repr of its connection, which tells a user nothing.
    text = str(error)
    return text.partition(">: ")[2] or text.partition("): ")[2] or text
