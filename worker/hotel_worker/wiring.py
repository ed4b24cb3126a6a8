"""From settings to a worker that is ready to run."""

from external_tasks import Auth, BasicAuth, BearerAuth, EngineClient, RetryPolicy, Worker
from pydantic import SecretStr

from hotel_worker.services import Services
from hotel_worker.services.booking import BookingService
from hotel_worker.services.client import ClientService
from hotel_worker.services.http import ServiceClient
from hotel_worker.services.restaurant import RestaurantService
from hotel_worker.services.room import RoomService
from hotel_worker.settings import WorkerSettings
from hotel_worker.topics import new_router


def create_worker(settings: WorkerSettings) -> Worker:
    """Connect engine, services and handlers; nothing is called before the worker starts."""
    worker = Worker(
        EngineClient(
            settings.engine_url,
            auth=engine_auth(settings),
            ca_file=str(settings.engine_ca_file) if settings.engine_ca_file else None,
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
    )
    router = new_router(connect_services(settings), settings.worker_topics, settings.worker_exhausted)
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
    )


def engine_auth(settings: WorkerSettings) -> Auth | None:
    """Choose how to log in to the engine; None where its API is open."""
    if settings.engine_token is not None:
        return BearerAuth(settings.engine_token.get_secret_value())
    if settings.engine_user is not None and settings.engine_password is not None:
        return BasicAuth(settings.engine_user, settings.engine_password.get_secret_value())
    return None


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
