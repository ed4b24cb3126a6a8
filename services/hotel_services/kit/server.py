"""gunicorn around a service: one process whose threads share pool and metrics; for more, add replicas."""

import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from hotel_services.kit.app import create_app, open_resources
from hotel_services.kit.service import AnyService
from hotel_services.kit.settings import ServiceSettings, SettingsError
from hotel_services.kit.sweeper import Sweeper
from hotel_services.kit.unreadable import ProblemWorker

BACKLOG = 512
# Of the request's first line, which holds the address, and of each header; more is gunicorn's to refuse.
MAX_LINE_BYTES = 8190
# Longer than the worker's pooled connections are idle, so that it is never we who close one in use.
KEEPALIVE_SECONDS = 75
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the heartbeat file belongs on no disk; names are gunicorn's
log = logging.getLogger(__name__)


class PropagatingLogger(Logger):
    """gunicorn's lines, written by the handlers that our own lines have."""

    def setup(self, cfg: Any) -> None:
        """Let the root logger do the work."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Leave out that a client fell silent, which is nobody's error here."""
        if not isinstance(sys.exception(), BlockingIOError):
            super().exception(msg, *args, **kwargs)


class ServiceApplication(BaseApplication):
    """Serves one service on a socket that listens already."""

    def __init__(self, service: AnyService, settings: ServiceSettings, listener: socket.socket) -> None:
        self._service = service
        self._settings = settings
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings; it reads no file and no environment."""
        options = {
            "bind": f"fd://{self._listener.detach()}",
            "worker_class": ProblemWorker,
            "workers": 1,
            "threads": self._settings.threads,
            "keepalive": KEEPALIVE_SECONDS,
            "limit_request_line": MAX_LINE_BYTES,
            "limit_request_field_size": MAX_LINE_BYTES,
            "graceful_timeout": self._settings.graceful_seconds,
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
        resources = open_resources(self._service, self._settings)
        app = create_app(self._service, self._settings, resources)
        sweeper = Sweeper(self._service, self._settings, resources)
        sweeper.start()
        app.extensions["sweeper"] = sweeper
        return app


def _close(_server: object, worker: Any) -> None:
    """Stop the sweeper and close the pool when the serving process ends."""
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        app.extensions["sweeper"].stop()
        app.extensions["resources"].database.close()


def bind(settings: ServiceSettings) -> socket.socket:
    """Return a socket that listens on the settings' address, so that nobody else can take it meanwhile.

    Raises:
        SettingsError: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit these; gunicorn's threads would wait for a silent client for ever.
    patience = struct.pack("ll", settings.client_seconds, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror or error}. "
            "Stop what uses it, or set HOST or PORT"
        ) from error
    return listener


def serve(service: AnyService, settings: ServiceSettings, listener: socket.socket) -> None:
    """Serve until a signal ends it; requests that have begun are finished. Does not return."""
    host, port = listener.getsockname()[:2]
    log.info("serving", extra={"host": host, "port": port, "threads": settings.threads})
    ServiceApplication(service, settings, listener).run()
