"""A server of a test's own, which serves in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

_LOOK_SECONDS = 0.02
_END_SECONDS = 10.0


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve until the block ends, then close the server."""
    arguments = {"poll_interval": _LOOK_SECONDS}
    # A daemon: a test run that is cut off does not wait for it.
    thread = threading.Thread(target=server.serve_forever, kwargs=arguments, daemon=True)
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(_END_SECONDS)
