"""gunicorn around a service: one process whose threads share pool and metrics; for more, add replicas."""

import logging
import os
import resource
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from hotel_services.kit.app import create_app, create_health_app, open_resources
from hotel_services.kit.http.service import AnyService
from hotel_services.kit.serving import listening
from hotel_services.kit.serving.framing import MAX_HEADERS, MAX_LINE_BYTES
from hotel_services.kit.serving.gunicorn_worker import HEALTH_CONNECTIONS, BufferingWorker
from hotel_services.kit.settings import ServiceSettings
from hotel_services.kit.sweeper import Sweeper

# Files that are open besides clients' connections: the database's, the log's, Python's own.
_OTHER_FILES = 200
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the heartbeat file belongs on no disk; names are gunicorn's
log = logging.getLogger(__name__)


class Listeners(NamedTuple):
    """The sockets of a service, which listen already."""

    main: socket.socket
    health: socket.socket


class PropagatingLogger(Logger):
    """gunicorn's lines, written by the handlers that our own lines have."""

    def setup(self, cfg: Any) -> None:
        """Let the root logger do the work."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True


class ServedService:
    """A service's two applications as one for gunicorn: which one answers is decided by the port."""

    def __init__(self, service: AnyService, settings: ServiceSettings, health_port: int) -> None:
        self._health_port = str(health_port)
        self._resources = open_resources(service, settings)
        self._sweeper = Sweeper(service, settings, self._resources)
        self._main = create_app(service, settings, self._resources)
        self._health = create_health_app(service, self._resources)
        self._sweeper.start()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        is_health = environ["SERVER_PORT"] == self._health_port
        return (self._health if is_health else self._main)(environ, start_response)

    def close(self) -> None:
        """Stop the sweeper and close the database's pool."""
        self._sweeper.stop()
        self._resources.database.close()


class ServiceApplication(BaseApplication):
    """Serves one service on sockets that listen already."""

    def __init__(self, service: AnyService, settings: ServiceSettings, listeners: Listeners) -> None:
        self._service = service
        self.settings = settings
        self._listeners = listeners
        self._health_port: int = listeners.health.getsockname()[1]
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings; it reads no file and no environment."""
        options = {
            "bind": [f"fd://{listener.detach()}" for listener in self._listeners],
            "worker_class": BufferingWorker,
            "workers": 1,
            "threads": self.settings.threads,
            # The worker keeps connections and counts them by itself; gunicorn is to promise no less.
            "keepalive": 1,
            "worker_connections": self.settings.connections + self.settings.threads,
            "limit_request_line": MAX_LINE_BYTES,
            "limit_request_field_size": MAX_LINE_BYTES,
            "limit_request_fields": MAX_HEADERS,
            "graceful_timeout": self.settings.graceful_seconds,
            "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
            # It would be a file, and the root file system may be read-only.
            "control_socket_disable": True,
            "logger_class": PropagatingLogger,
            "proc_name": f"hotel-{self._service.name}",
            "worker_exit": _close,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application in the serving process: neither pools nor threads survive a fork."""
        return ServedService(self._service, self.settings, self._health_port)


def _close(_server: object, worker: Any) -> None:
    """Release what the service holds when the serving process ends."""
    served = getattr(worker, "wsgi", None)
    if isinstance(served, ServedService):
        served.close()


def bind(settings: ServiceSettings) -> Listeners:
    """Return the service's sockets, which listen, so that nobody else can take their addresses meanwhile.

    Raises:
        SettingsError: An address cannot be had.
    """
    main = listening.bind(settings.host, settings.port, settings="HOST or PORT")
    try:
        host, port = settings.health_address
        return Listeners(main, listening.bind(host, port, settings="HEALTH_HOST or HEALTH_PORT"))
    except Exception:
        main.close()
        raise


def serve(service: AnyService, settings: ServiceSettings, listeners: Listeners) -> None:
    """Serve until a signal ends it; requests that have begun are finished. Does not return."""
    host, port = listeners.main.getsockname()[:2]
    health_host, health_port = listeners.health.getsockname()[:2]
    facts = {"host": host, "port": port, "health_host": health_host, "health_port": health_port}
    log.info("serving", extra={**facts, "threads": settings.threads})
    connections = _allow_connections(settings.connections)
    ServiceApplication(service, settings.model_copy(update={"connections": connections}), listeners).run()


def _allow_connections(wanted: int) -> int:
    """Raise the process's limit of open files as far as needed; return how many connections it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Those that wait in the backlog are accepted when the service stops.
    needed = wanted + HEALTH_CONNECTIONS + 2 * listening.BACKLOG + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    limit = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    allowed = max(1, wanted - (needed - limit))
    if allowed < wanted:
        log.warning(
            "fewer connections than CONNECTIONS: raise the limit of open files",
            extra={"connections": allowed, "open_files": limit},
        )
    return allowed
