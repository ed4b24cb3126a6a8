"""The Flask application of a service."""

from dataclasses import dataclass

from flask import Flask

from hotel_services.kit import tracing
from hotel_services.kit.database.connections import make_engine
from hotel_services.kit.database.transactions import Database
from hotel_services.kit.http import auth, dispatch, docs, error_handlers, health, instrumentation, openapi
from hotel_services.kit.http.health import Readiness
from hotel_services.kit.http.parsing import MAX_BODY_BYTES
from hotel_services.kit.http.service import AnyService
from hotel_services.kit.metrics import Metrics
from hotel_services.kit.settings import ServiceSettings


@dataclass(frozen=True)
class Resources:
    """What one process of a service shares between its requests."""

    database: Database
    metrics: Metrics
    readiness: Readiness


def open_resources(service: AnyService, settings: ServiceSettings) -> Resources:
    """Return the process's database and metrics; no connection is made yet.

    Raises:
        SettingsError: The database's URL cannot be used.
    """
    metrics = Metrics()
    url = settings.database_url.get_secret_value()
    engine = make_engine(url, settings.database_pool_size, f"hotel-{service.name}")
    metrics.watch_pool(engine)
    database = Database(
        engine, retry_seconds=settings.database_retry_seconds, retries=metrics.database_retries
    )
    return Resources(database, metrics, Readiness(database))


def create_app(service: AnyService, settings: ServiceSettings, resources: Resources | None = None) -> Flask:
    """Return the service's application; its schema must be there (see `schema.migrate`).

    Args:
        service: What is served.
        settings: How.
        resources: The process's database and metrics, opened here if None; they are also found under
            `app.extensions["resources"]`, where a caller closes them.
    """
    resources = resources or open_resources(service, settings)
    app = Flask(service.name, static_folder=None)
    # One more than is taken: Werkzeug cuts a body off that does not say its length, and that must show.
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES + 1)
    # A path has one spelling; the others are not found, rather than redirected to it.
    app.url_map.merge_slashes = False
    app.extensions["resources"] = resources
    if tracing.configure(f"hotel-{service.name}"):
        tracing.watch_requests(app)
        tracing.watch_statements(resources.database.engine)
    # In this order: a refused request is observed as well.
    instrumentation.install(app, resources.metrics)
    auth.install(app, settings.service_token)
    error_handlers.install(app)
    health.install(app, resources.readiness, resources.metrics)
    document = openapi.describe(service)
    docs.install(app, document)
    for operation in service.api.operations:
        app.add_url_rule(
            operation.rule,
            endpoint=f"{operation.method} {operation.path}",
            view_func=dispatch.make_view(operation, resources.database, settings),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    return app


def create_health_app(service: AnyService, resources: Resources) -> Flask:
    """Return the application of the health port: it answers probes and monitoring, nothing else."""
    app = Flask(f"{service.name}-health", static_folder=None)
    app.url_map.merge_slashes = False
    instrumentation.install(app, resources.metrics)
    error_handlers.install(app)
    health.install(app, resources.readiness, resources.metrics)
    return app
