"""A server that writes the bytes a test wants, as slowly as it wants."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def raw_server(pieces: Iterable[bytes], pause: float = 0.0) -> Iterator[str]:
    """Answer one request with pieces of bytes, a pause before each; yields the server's URL.

    Args:
        pieces: status line, headers and body, cut as the test likes.
        pause: seconds before each piece.
    """
    server = socket.create_server(("127.0.0.1", 0))
    gone = threading.Event()

    def answer() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    if gone.wait(pause) if pause else gone.is_set():
                        return
                    connection.sendall(piece)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/engine-rest"
    finally:
        gone.set()
        server.close()
        thread.join(10)
