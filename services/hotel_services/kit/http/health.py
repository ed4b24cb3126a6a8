"""The paths for probes and monitoring: /livez, /readyz and /metrics."""

import threading

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hotel_services.kit.database.transactions import Database, DatabaseUnavailableError
from hotel_services.kit.http import idempotency
from hotel_services.kit.metrics import Metrics


class Readiness:
    """Whether the database can work, asked by one thread at a time.

    A thread that asks a database which does not respond has to wait. Meanwhile others return the last
    outcome, so that any number of requests holds one thread only.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking = threading.Lock()
        self._is_ready = False

    def check(self) -> None:
        """Ask the database.

        Raises:
            DatabaseUnavailableError: It cannot work at present.
        """
        if not self._asking.acquire(blocking=False):
            if not self._is_ready:
                raise DatabaseUnavailableError("the database has given no answer yet")
            return
        try:
            self._database.ping()
            if self._database.write_failed:
                self._database.write(idempotency.try_write)
        except DatabaseUnavailableError:
            self._is_ready = False
            raise
        else:
            self._is_ready = True
        finally:
            self._asking.release()


def install(app: Flask, readiness: Readiness, metrics: Metrics) -> None:
    """Add the paths."""

    def livez() -> dict[str, str]:
        return {"status": "alive"}

    def readyz() -> dict[str, str]:
        readiness.check()
        return {"status": "ready"}

    def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/livez", view_func=livez, provide_automatic_options=False)
    app.add_url_rule("/readyz", view_func=readyz, provide_automatic_options=False)
    app.add_url_rule("/metrics", view_func=show_metrics, provide_automatic_options=False)
