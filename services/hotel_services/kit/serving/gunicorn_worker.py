"""gunicorn's worker with threads, where a thread gets a request once all of it has arrived.

gunicorn's own gives a thread to each connection and reads there, so that a few clients that send a byte now
and then keep all threads. Here the worker's main loop reads requests and sends answers without waiting, each
with a deadline as a whole.
"""

import errno
import logging
import math
import selectors
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from hotel_services.kit.serving import listening
from hotel_services.kit.serving.connection import Connection, Stage
from hotel_services.kit.serving.connection_handler import LINGER_SECONDS, ConnectionHandler
from hotel_services.kit.serving.exchange import Exchange
from hotel_services.kit.serving.listener import Listener
from hotel_services.kit.serving.protocol_errors import failure

HEALTH_THREADS = 4
HEALTH_CONNECTIONS = 64
# Time for connections that had begun when the service stopped to be established, and to say what they want.
SETTLE_SECONDS = 0.2
_TURN_SECONDS = 0.25
_ACCEPTED_AT_ONCE = 64
_EXHAUSTED_PAUSE_SECONDS = 1.0
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
log = logging.getLogger(__name__)


class BufferingWorker(ThreadWorker):
    """Serves the application's two sockets: the main one, and the one for health and metrics."""

    def run(self) -> None:
        """Serve until a signal ends it."""
        settings = cast("Any", self.app).settings
        main, health = self.sockets
        self._main = Listener(main, self.tpool, settings.connections)
        self._health = Listener(health, ThreadPoolExecutor(HEALTH_THREADS), HEALTH_CONNECTIONS)
        self._overdue_at = 0.0
        self._connections = ConnectionHandler(self.poller, self._serve, settings.client_seconds)
        calls = cast("int", self.method_queue.fileno())
        self.poller.register(calls, selectors.EVENT_READ, self.method_queue.run_callbacks)
        while self.alive and self.is_parent_alive():
            self._turn()
        self._stop()

    # --- the loop ------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Do what there is to do, or wait a little for it."""
        self.notify()
        for listener in (self._main, self._health):
            self._accept_or_not(listener)
        self.wait_for_and_dispatch_events(timeout=_TURN_SECONDS)
        if (now := time.monotonic()) >= self._overdue_at:
            self._overdue_at = now + _TURN_SECONDS
            for listener in (self._main, self._health):
                self._connections.end_overdue(listener)

    def _accept_or_not(self, listener: Listener) -> None:
        """Leave new connections in the system's queue while the listener is full."""
        accepts = listener.is_open and not listener.is_full and time.monotonic() >= listener.accepts_again_at
        if accepts == listener.accepts:
            return
        listener.accepts = accepts
        if accepts:
            self.poller.register(listener.socket, selectors.EVENT_READ, partial(self._accept, listener))
        else:
            self.poller.unregister(listener.socket)

    def _accept(self, listener: Listener, _socket: object) -> bool:
        """Accept some connections; return whether there may be more."""
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, client = listener.socket.accept()
            except OSError as error:
                self._not_accepted(listener, error)
                return False
            self._connections.welcome(Connection(accepted, client, listener.address), listener)
            if listener.is_over_limit:
                self._make_room(listener)
            if listener.is_full:
                return False
        return True

    def _not_accepted(self, listener: Listener, error: OSError) -> None:
        if error.errno in _EXHAUSTED:
            log.warning("no connection accepted", extra={"reason": errno.errorcode[error.errno or 0]})
            if not self._make_room(listener):
                listener.accepts_again_at = time.monotonic() + _EXHAUSTED_PAUSE_SECONDS

    def _make_room(self, listener: Listener) -> bool:
        """Close the connection that is missed least; return whether there was one."""
        connection = listener.most_dispensable()
        if connection is None:
            return False
        self._connections.close(connection, listener)
        return True

    # --- requests ------------------------------------------------------------------------------

    def _serve(self, connection: Connection, listener: Listener, exchange: Exchange) -> None:
        future = listener.pool.submit(self._answer, connection, exchange)
        future.add_done_callback(
            lambda done: self.method_queue.defer(self._finish, connection, listener, exchange, done)
        )

    def _answer(self, connection: Connection, exchange: Exchange) -> bool:
        """Answer in a thread; return whether the client may send another request."""
        keeps = False
        try:
            request = next(RequestParser(self.cfg, [exchange.request], exchange.client))
            keeps = self.handle_request(request, cast("Any", exchange))
        except (NoMoreData, StopIteration):
            log.debug("request broke off")
        except Exception as error:  # noqa: BLE001 - whatever failed, the client gets an answer
            exchange.answer += failure(error)
        exchange.flush(connection.socket)
        return keeps

    def _finish(
        self, connection: Connection, listener: Listener, exchange: Exchange, done: "Future[bool]"
    ) -> None:
        if done.cancelled() or done.exception() is not None:
            # The client has gone.
            self._connections.close(connection, listener)
            return
        keeps = done.result() and connection.request.is_whole
        self._connections.answer(connection, listener, exchange.answer, keeps=keeps)

    # --- the end -------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Answer what has begun; refuse what comes later."""
        deadline = time.monotonic() + self.cfg.graceful_timeout
        self._connections.keep_seconds = LINGER_SECONDS
        self._close_listener(self._main)
        while self._main.connections and time.monotonic() < deadline:
            self._turn()
        # Health can be asked for until the end.
        self._close_listener(self._health)
        for listener in (self._main, self._health):
            for connection in list(listener.connections):
                self._connections.close(connection, listener)
            listener.pool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()

    def _close_listener(self, listener: Listener) -> None:
        """Accept the connections that have begun and no other."""
        listener.limit = math.inf
        listening.ignore_new_connections(listener.socket.sock)
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            self._turn()
        while self._accept(listener, listener.socket):
            pass
        listener.is_open = False
        self._accept_or_not(listener)
        listening.refuse(listener.socket.sock)
        listener.socket.close()
        leave = time.monotonic() + LINGER_SECONDS
        for connection in listener.connections:
            if connection.stage is Stage.IDLE:
                connection.deadline = min(connection.deadline, leave)
