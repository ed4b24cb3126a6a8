"""What happens on a connection between its accept and its close; nothing here waits for a client."""

import contextlib
import math
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial

from hotel_services.kit.http import problems
from hotel_services.kit.http.problems import ProblemKind
from hotel_services.kit.serving.connection import Connection, Stage
from hotel_services.kit.serving.exchange import Exchange
from hotel_services.kit.serving.listener import Listener
from hotel_services.kit.serving.protocol_errors import refusal

# Longer than the worker's pooled connections are idle, so that it is never we who close one in use.
KEEPALIVE_SECONDS = 75.0
LINGER_SECONDS = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Serve = Callable[[Connection, Listener, Exchange], None]


class ConnectionHandler:
    """Reads requests, hands each one over when it is whole, and sends the answers.

    Args:
        poller: Tells which sockets are ready; each is registered with the function to call then.
        serve: Takes a request that is there; its answer is given back with `answer`.
        client_seconds: How long a client may take for a whole request, and for taking the whole answer.

    Attributes:
        keep_seconds: How long a connection is kept open for a next request.
    """

    def __init__(self, poller: selectors.BaseSelector, serve: Serve, client_seconds: float) -> None:
        self._poller = poller
        self._serve = serve
        self._client_seconds = client_seconds
        self.keep_seconds = KEEPALIVE_SECONDS

    def welcome(self, connection: Connection, listener: Listener) -> None:
        """Begin with a connection that was accepted."""
        self._enter(connection, listener, Stage.IDLE, self._client_seconds)
        # Most clients' requests arrive together with the connection.
        self._read(connection, listener)

    def answer(self, connection: Connection, listener: Listener, rest: bytearray, *, keeps: bool) -> None:
        """Send what is left of an answer.

        Args:
            connection: Where to.
            listener: Its listener.
            rest: The bytes that were not sent yet.
            keeps: Whether the client was promised that it may send another request.
        """
        connection.unsent = rest
        connection.keeps = keeps
        self._enter(connection, listener, Stage.SENDING, self._client_seconds)
        self._send(connection, listener)

    def end_overdue(self, listener: Listener) -> None:
        """End the stages whose time is over."""
        now = time.monotonic()
        for connection in [each for each in listener.connections if each.deadline <= now]:
            if connection.stage is Stage.READING:
                self._refuse(connection, listener, problems.REQUEST_TIMEOUT)
            else:
                self.close(connection, listener)

    def close(self, connection: Connection, listener: Listener) -> None:
        """Close the connection at once."""
        self._watch(connection, None)
        connection.socket.close()
        self._enter(connection, listener, Stage.CLOSED, math.inf)

    # --- stages --------------------------------------------------------------------------------

    def _enter(self, connection: Connection, listener: Listener, stage: Stage, seconds: float) -> None:
        connection.stage = stage
        connection.deadline = time.monotonic() + seconds
        listener.note(connection)

    def _read(self, connection: Connection, listener: Listener) -> None:
        try:
            data = connection.receive()
        except OSError:
            return self.close(connection, listener)
        if data is None:
            return self._wait(connection, listener, selectors.EVENT_READ)
        if not data:
            return self._end_of_input(connection, listener)
        connection.request.feed(data)
        return self._go_on_reading(connection, listener)

    def _go_on_reading(self, connection: Connection, listener: Listener) -> None:
        request = connection.request
        if request.refusal is not None:
            return self._refuse(connection, listener, request.refusal)
        if request.is_settled:
            return self._hand_over(connection, listener)
        if request.take_continue():
            # So few bytes always fit where nothing else waits to be sent.
            with contextlib.suppress(OSError):
                connection.socket.send(_CONTINUE)
        if connection.stage is Stage.IDLE:
            self._enter(connection, listener, Stage.READING, self._client_seconds)
        return self._wait(connection, listener, selectors.EVENT_READ)

    def _end_of_input(self, connection: Connection, listener: Listener) -> None:
        if connection.request.has_head:
            return self._refuse(connection, listener, problems.BAD_REQUEST)
        return self.close(connection, listener)

    def _hand_over(self, connection: Connection, listener: Listener) -> None:
        self._watch(connection, None)
        self._enter(connection, listener, Stage.SERVING, math.inf)
        request, _ = connection.request.split()
        self._serve(connection, listener, Exchange(request, connection.client, connection.server))

    def _refuse(self, connection: Connection, listener: Listener, kind: ProblemKind) -> None:
        self.answer(connection, listener, bytearray(refusal(kind)), keeps=False)

    def _send(self, connection: Connection, listener: Listener) -> None:
        try:
            if not connection.send():
                return self._wait(connection, listener, selectors.EVENT_WRITE)
        except OSError:
            return self.close(connection, listener)
        if connection.keeps:
            return self._await_next_request(connection, listener)
        return self._linger(connection, listener)

    def _await_next_request(self, connection: Connection, listener: Listener) -> None:
        connection.begin_next_request()
        self._enter(connection, listener, Stage.IDLE, self.keep_seconds)
        if connection.request.wire:
            return self._go_on_reading(connection, listener)
        return self._wait(connection, listener, selectors.EVENT_READ)

    def _linger(self, connection: Connection, listener: Listener) -> None:
        """Let the client read the answer: closed with unread bytes, the connection would be reset."""
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_WR)
        self._enter(connection, listener, Stage.LINGERING, LINGER_SECONDS)
        self._discard(connection, listener)

    def _discard(self, connection: Connection, listener: Listener) -> None:
        try:
            data = connection.receive()
        except OSError:
            data = b""
        if data == b"":
            return self.close(connection, listener)
        return self._wait(connection, listener, selectors.EVENT_READ)

    # --- the poller ----------------------------------------------------------------------------

    def _wait(self, connection: Connection, listener: Listener, event: int) -> None:
        """Go on when the socket can be read or written."""
        self._watch(connection, event, partial(self._on_ready, connection, listener))

    def _on_ready(self, connection: Connection, listener: Listener, _socket: object) -> None:
        match connection.stage:
            case Stage.IDLE | Stage.READING:
                self._read(connection, listener)
            case Stage.SENDING:
                self._send(connection, listener)
            case Stage.LINGERING:
                self._discard(connection, listener)
            case Stage.SERVING | Stage.CLOSED:
                # It changed after the poller had found it ready.
                return

    def _watch(
        self, connection: Connection, event: int | None, call: Callable[[object], None] | None = None
    ) -> None:
        if event == connection.watched:
            return
        if connection.watched is not None:
            self._poller.unregister(connection.socket)
        if event is not None:
            self._poller.register(connection.socket, event, call)
        connection.watched = event
