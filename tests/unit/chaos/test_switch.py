"""The address of a database that has two servers."""

import socket
import threading
from collections.abc import Iterator

import pytest
from support.switch import switch


def serve(name: bytes, listener: socket.socket) -> threading.Thread:
    """Say a name to the one who connects, and wait until the connection ends."""

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(name)
            connection.recv(1)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """Two servers that say their names."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        threads = [serve(b"one", one), serve(b"other", other)]
        yield one.getsockname()[1], other.getsockname()[1]
        for thread in threads:
            thread.join(30)


def test_connections_go_to_the_one_and_after_the_switch_to_the_other(ports: tuple[int, int]) -> None:
    with switch(ports[0]) as door:
        with socket.create_connection(("127.0.0.1", door.port), timeout=30) as first:
            assert first.recv(10) == b"one"
            door.to(ports[1])
            # What was open is cut off.
            assert first.recv(10) == b""
        with socket.create_connection(("127.0.0.1", door.port), timeout=30) as second:
            assert second.recv(10) == b"other"
