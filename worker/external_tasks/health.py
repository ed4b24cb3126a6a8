"""Probes and metrics over HTTP."""

import threading
from collections.abc import Callable
from http import HTTPStatus

from external_tasks.bounded_http.server import BoundedHandler, BoundedServer
from external_tasks.errors import HealthPortUnavailable
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

_CONNECTIONS = 64
"""At once: those that say nothing make room for others, so probes are answered whatever strangers do."""

Check = Callable[[], str]
"""Returns what is wrong in a few words; an empty text if nothing is."""


class HealthServer:
    """Serves ``/livez``, ``/readyz`` and ``/metrics``.

    Args:
        port: where to listen; 0 takes a free one.
        alive: what keeps the process from going on, if anything.
        ready: what keeps it from working, if anything.
        metrics: the metrics as text.
        host: where to listen; an empty text means all addresses, IPv6 included where there is any.

    Raises:
        HealthPortUnavailable: the port is taken or may not be used, or the host is none of this machine.
    """

    def __init__(
        self, port: int, *, alive: Check, ready: Check, metrics: Callable[[], bytes], host: str = ""
    ) -> None:
        pages = {
            "/livez": lambda: _verdict(alive()),
            "/readyz": lambda: _verdict(ready()),
            "/metrics": lambda: (HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", metrics()),
        }
        try:
            self._server = BoundedServer((host, port), _handler_for(pages), connections=_CONNECTIONS)
        except (OSError, TypeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            at = f"port {port} of {host}" if host else f"port {port}"
            raise HealthPortUnavailable(
                f"probes and metrics cannot be served at {at} ({reason}): free it, or name another"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


Page = tuple[HTTPStatus, str, bytes]


def _verdict(problem: str) -> Page:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
    return status, "text/plain; charset=utf-8", (problem or "ok").encode() + b"\n"


def _safely(page: Callable[[], Page]) -> Page:
    try:
        return page()
    except BaseException as error:  # noqa: BLE001 - a metric of the user's may fail, and a probe needs an answer
        logger.warning("health page failed: %s", summary(error))
        return HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"this page failed; the log says why\n"


def _handler_for(pages: dict[str, Callable[[], Page]]) -> type[BoundedHandler]:
    class Handler(BoundedHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
            self.begin()
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = (
                _safely(page) if page else (HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
