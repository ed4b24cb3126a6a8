"""gunicorn's settings: each process runs a worker beside the application, and drains it at its end."""

from typing import Any

from app import new_worker

wsgi_app = "app:app"
bind = "127.0.0.1:8000"
workers = 2
threads = 4

_running = []


def post_worker_init(_gunicorn_worker: Any) -> None:
    """Start the worker in the process that will run it."""
    worker = new_worker()
    worker.start()
    _running.append(worker)


def worker_exit(_server: Any, _gunicorn_worker: Any) -> None:
    """Let running handlers end, within gunicorn's graceful_timeout (30 s), then give back their tasks."""
    for worker in _running:
        worker.stop()
