"""What gunicorn's request handling has in place of a socket: a request in memory, and room for the answer."""

import contextlib
import socket
from typing import Any, Self


class Exchange:
    """One request and its answer; nothing that is done with it waits for the client.

    Args:
        request: The request's bytes.
        client: The client's address.
        server: The address that it came to.

    Attributes:
        answer: What was answered and has not been sent yet.
    """

    def __init__(self, request: bytes, client: Any, server: Any) -> None:
        self.request = request
        self.client = client
        self.server = server
        self.answer = bytearray()

    @property
    def sock(self) -> Self:
        """The exchange itself, which gunicorn uses as it would use a connection's socket."""
        return self

    def sendall(self, data: bytes) -> None:
        """Add to the answer."""
        self.answer += data

    def send(self, data: bytes) -> int:
        """Drop "100 Continue", for which alone gunicorn calls this: the body is here already."""
        return len(data)

    def flush(self, client: socket.socket) -> None:
        """Send as much of the answer as the client takes at once.

        Raises:
            OSError: The client has gone.
        """
        with contextlib.suppress(BlockingIOError):
            while self.answer:
                del self.answer[: client.send(self.answer)]
