"""The paths for those who watch over the process: /livez, /readyz and /metrics."""

from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hotel_services.kit.database import Database
from hotel_services.kit.metrics import Metrics


def install(app: Flask, database: Database, metrics: Metrics) -> None:
    """Add the paths."""

    def livez() -> dict[str, str]:
        return {"status": "alive"}

    def readyz() -> dict[str, str]:
        database.ping()
        return {"status": "ready"}

    def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/livez", view_func=livez, provide_automatic_options=False)
    app.add_url_rule("/readyz", view_func=readyz, provide_automatic_options=False)
    app.add_url_rule("/metrics", view_func=show_metrics, provide_automatic_options=False)
