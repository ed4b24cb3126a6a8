"""A client's connection, which is read and written without waiting for the client."""

import enum
import math
import socket
from typing import Any

from hotel_services.kit.serving.framing import IncomingRequest

RECEIVE_BYTES = 64 * 1024


class Stage(enum.Enum):
    """What a connection is used for at present."""

    IDLE = "idle"
    """Nothing has arrived of the next request."""
    READING = "reading"
    SERVING = "serving"
    """The request waits for a thread or has one."""
    SENDING = "sending"
    LINGERING = "lingering"
    """All was sent; the client has time to read it before the connection is closed."""
    CLOSED = "closed"


class Connection:
    """A client's connection.

    Attributes:
        client: The client's address.
        server: The address that it came to.
        request: The request that is being read.
        unsent: What is left of the answer.
        keeps: Whether another request may follow the answer.
        has_served: Whether a request of this connection was answered before.
        watched: The event for which the poller watches the socket, if it does.
        deadline: When the stage ends at the latest, by the monotonic clock.
    """

    def __init__(self, accepted: socket.socket, client: Any, server: Any) -> None:
        accepted.setblocking(False)
        self.socket = accepted
        self.client = client
        self.server = server
        self.stage = Stage.IDLE
        self.deadline = math.inf
        self.request = IncomingRequest()
        self.unsent = bytearray()
        self.keeps = False
        self.has_served = False
        self.watched: int | None = None

    def receive(self) -> bytes | None:
        """Return what has arrived: None if nothing has, no bytes if the client sends no more.

        Raises:
            OSError: The client has gone.
        """
        try:
            return self.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return None

    def send(self) -> bool:
        """Send what the client takes at once; return whether that was all.

        Raises:
            OSError: The client has gone.
        """
        while self.unsent:
            try:
                del self.unsent[: self.socket.send(self.unsent)]
            except BlockingIOError:
                return False
        return True

    def begin_next_request(self) -> None:
        """Go on to the request that follows, of which bytes may have arrived already."""
        _, after = self.request.split()
        self.request = IncomingRequest()
        self.has_served = True
        if after:
            self.request.feed(after)
