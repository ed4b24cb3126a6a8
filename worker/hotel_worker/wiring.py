"""From settings to a worker that is ready to run."""

from external_tasks import (
    Auth,
    CircuitBreaker,
    ClientCertificate,
    EngineClient,
    Middleware,
    RetryPolicy,
    Worker,
)
from external_tasks.engine.logins import choose_auth
from external_tasks.otel_setup import configure as configure_tracing
from hotel_rules.days import time_zone
from pydantic import SecretStr

from hotel_worker.services import Services
from hotel_worker.services.booking import BookingService
from hotel_worker.services.client import ClientService
from hotel_worker.services.http import ServiceClient
from hotel_worker.services.restaurant import RestaurantService
from hotel_worker.services.room import RoomService
from hotel_worker.settings import WorkerSettings
from hotel_worker.topics import SERVICES, new_router


def create_worker(settings: WorkerSettings) -> Worker:
    """Connect engine, services and handlers; nothing is called before the worker starts.

    Raises:
        ValueError: a setting, or an OTEL_ variable of the environment, cannot be used.
    """
    middleware: list[Middleware] = []
    if configure_tracing("hotel-worker"):
        # The packages are there then, and a worker without traces does not load them.
        from external_tasks.otel import Tracing  # noqa: PLC0415

        middleware.append(Tracing())
    worker = Worker(
        EngineClient(
            settings.engine_url,
            auth=engine_auth(settings),
            ca_file=settings.engine_ca_file,
            client_certificate=_client_certificate(settings),
            proxy=_revealed(settings.engine_proxy),
            user_agent="hotel-worker",
        ),
        slots=settings.worker_slots,
        lock_seconds=settings.worker_lock_seconds,
        poll_seconds=settings.worker_poll_seconds,
        drain_seconds=settings.worker_drain_seconds,
        name=settings.worker_name,
        retry=RetryPolicy(
            retries=settings.worker_retries,
            first_seconds=settings.worker_retry_first_seconds,
            factor=settings.worker_retry_factor,
            max_seconds=settings.worker_retry_max_seconds,
        ),
        cordon_file=settings.worker_cordon_file,
        health_port=settings.worker_health_port,
        health_host=settings.worker_health_host or "",
        middleware=middleware,
    )
    failures = settings.worker_breaker_failures
    breakers = {name: CircuitBreaker(failures=failures) for name in set(SERVICES.values()) if failures}
    router = new_router(
        connect_services(settings), settings.worker_topics, settings.worker_exhausted, breakers
    )
    worker.include(router)
    return worker


def connect_services(settings: WorkerSettings) -> Services:
    """Make the clients of the four services."""

    def http(name: str, url: str) -> ServiceClient:
        return ServiceClient(
            name,
            url,
            token=_revealed(settings.service_token),
            timeout=settings.service_timeout_seconds,
            pool_size=settings.worker_slots,
        )

    return Services(
        booking=BookingService(http("booking", settings.booking_url)),
        room=RoomService(http("room", settings.room_url)),
        restaurant=RestaurantService(http("restaurant", settings.restaurant_url)),
        client=ClientService(http("client", settings.client_url)),
        time_zone=time_zone(settings.hotel_time_zone),
    )


def engine_auth(settings: WorkerSettings) -> Auth | None:
    """Choose how to log in to the engine; None where its API is open."""
    return choose_auth(
        user=settings.engine_user,
        password=_revealed(settings.engine_password),
        token=_revealed(settings.engine_token),
        token_url=settings.engine_oauth2_token_url,
        client_id=settings.engine_oauth2_client_id,
        client_secret=_revealed(settings.engine_oauth2_client_secret),
        scope=settings.engine_oauth2_scope,
        audience=settings.engine_oauth2_audience,
        ca_file=settings.engine_ca_file,
        proxy=_revealed(settings.engine_proxy),
    )


def _client_certificate(settings: WorkerSettings) -> ClientCertificate | None:
    file = settings.engine_certificate_file
    return None if file is None else ClientCertificate(file, settings.engine_key_file)


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
