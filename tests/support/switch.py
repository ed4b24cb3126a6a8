"""An address that leads to the database server that is there now, and whose connections can fall silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_BYTES = 65_536


class Switch:
    """Passes connections on.

    Attributes:
        port: where it listens, on 127.0.0.1.
        target: the port that new connections go to.
    """

    def __init__(self, listener: socket.socket, target: int) -> None:
        self.port: int = listener.getsockname()[1]
        self.target = target
        self._listener = listener
        self._open: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()
        self._lock = threading.Lock()

    def to(self, target: int) -> None:
        """Send new connections to another port, and cut off those that there are."""
        self.target = target
        self.cut_off()

    def cut_off(self) -> None:
        """Close all connections."""
        with self._lock:
            ending, self._open = self._open, set()
        for each in ending:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Pass nothing on any more on the connections that there are, and keep them: packets get lost."""
        with self._lock:
            self._silent |= self._open

    def serve(self) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=[server, client], daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_BYTES):
                if source not in self._silent:
                    sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def switch(target: int) -> Iterator[Switch]:
    """Run a switch until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        found = Switch(listener, target)
        thread = threading.Thread(target=found.serve, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            found.cut_off()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
