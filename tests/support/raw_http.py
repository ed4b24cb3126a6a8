"""HTTP byte by byte, for clients that behave as no library does."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

WAIT_SECONDS = 30


@dataclass(frozen=True)
class RawAnswer:
    """What came back."""

    status: int
    head: bytes
    body: bytes

    @property
    def code(self) -> str:
        """The problem's code, or nothing where there is no problem."""
        found: dict[str, Any] = json.loads(self.body)
        return str(found.get("code", ""))


def connect(url: str, *, receive_bytes: int | None = None) -> socket.socket:
    """Return a connection to the server of that URL; `receive_bytes` limits what it holds unread."""
    address = urlsplit(url)
    connection = socket.socket()
    connection.settimeout(WAIT_SECONDS)
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.connect((address.hostname, address.port))
    return connection


@contextmanager
def connections(url: str, count: int) -> Iterator[list[socket.socket]]:
    """Yield so many connections, which are closed afterwards."""
    opened: list[socket.socket] = []
    try:
        opened.extend(connect(url) for _ in range(count))
        yield opened
    finally:
        for connection in opened:
            connection.close()


def read_answer(connection: socket.socket) -> RawAnswer:
    """Return the next answer; it must say its length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError(f"the server closed the connection after {head!r}")
        head += byte
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return RawAnswer(int(head.split()[1]), head, body)


def exchange(url: str, sent: bytes) -> RawAnswer:
    """Send the bytes on a connection of their own and return the answer."""
    with connect(url) as connection:
        connection.sendall(sent)
        return read_answer(connection)
