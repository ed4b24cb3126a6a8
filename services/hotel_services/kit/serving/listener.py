"""A listening socket with the connections that came through it and the threads that serve them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hotel_services.kit.serving.connection import Connection, Stage


class Listener:
    """One of the server's addresses. No listener takes connections or threads from another.

    Args:
        socket: gunicorn's wrapper of the socket that listens.
        pool: The threads that serve.
        limit: Connections that are open at the same time.

    Attributes:
        is_open: Whether it takes connections at all.
        accepts: Whether the poller watches for connections at present.
        accepts_again_at: Until when it takes none, by the monotonic clock.
    """

    def __init__(self, socket: Any, pool: ThreadPoolExecutor, limit: float) -> None:
        self.socket = socket
        self.address = socket.getsockname()
        self.limit = limit
        self.pool = pool
        self.connections: set[Connection] = set()
        self.is_open = True
        self.accepts = False
        self.accepts_again_at = 0.0
        # In the order in which they entered the stage.
        self._idle: dict[Connection, None] = {}
        self._reading: dict[Connection, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether there is no room for a further connection, and none that could make room."""
        return len(self.connections) >= self.limit and self.most_dispensable() is None

    @property
    def is_over_limit(self) -> bool:
        """Whether a connection has to make room."""
        return len(self.connections) > self.limit

    def note(self, connection: Connection) -> None:
        """Take note of the connection's stage."""
        self._idle.pop(connection, None)
        self._reading.pop(connection, None)
        if connection.stage is Stage.CLOSED:
            self.connections.discard(connection)
            return
        self.connections.add(connection)
        if connection.stage is Stage.IDLE and connection.has_served:
            self._idle[connection] = None
        elif connection.stage in {Stage.IDLE, Stage.READING}:
            self._reading[connection] = None

    def most_dispensable(self) -> Connection | None:
        """Return the connection to close first: idle, else slow with its request, for the longest time."""
        return next(iter(self._idle), None) or next(iter(self._reading), None)
