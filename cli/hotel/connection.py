"""Which engine and services a command talks to: those that the settings name, else the local stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from external_tasks.auth import Auth, BasicAuth, BearerAuth
from external_tasks.engine import EngineClient
from pydantic import SecretStr

from hotel.cluster.reach import reached_release
from hotel.errors import InvalidInput, Unreachable
from hotel.settings import HotelSettings
from hotel.stack.databases import service_database_urls
from hotel.stack.engine import ENGINE, EngineAddresses
from hotel.stack.names import Role, Service
from hotel.stack.services import service_url
from hotel.stack.state import StackState

_POOL_SIZE = 64


@dataclass(frozen=True)
class ServiceConnection:
    """Where one service answers and keeps its data.

    Attributes:
        url: of the service.
        token: what it asks of its callers.
        database_url: of its database, None where that is out of reach.
    """

    url: str
    token: str | None = field(repr=False)
    database_url: str | None = field(default=None, repr=False)


@contextmanager
def reached(
    settings: HotelSettings, role: Role = Role.CLIENT, *, services: bool = False
) -> Iterator[HotelSettings]:
    """Give settings to connect by, while the context lasts: a release in a cluster is brought within reach.

    Args:
        settings: those of the command; without a cluster in them they are what is given.
        role: as whose user to log in to the engine.
        services: whether the services are needed too.

    Raises:
        HotelError: the cluster has no such release, it is not ready, or a right is missing.
    """
    if not settings.in_cluster:
        yield settings
        return
    with reached_release(settings, role, services=services) as found:
        yield found


@contextmanager
def opened_engine(settings: HotelSettings, role: Role = Role.CLIENT) -> Iterator[EngineClient]:
    """Give a client of the engine, wherever settings say that it is, while the context lasts.

    Raises:
        HotelError: as `reached` and `connect_engine`.
    """
    with reached(settings, role) as found, connect_engine(found, role) as engine:
        yield engine


def connect_engine(settings: HotelSettings, role: Role = Role.CLIENT) -> EngineClient:
    """Return a client of the engine, logged in as the user of a role.

    Settings of a cluster go through `reached` first.

    Raises:
        HotelError: there is neither a local stack nor an engine named, or its URL is no URL.
    """
    url, auth = _engine(settings, role)
    try:
        return EngineClient(
            url,
            auth=auth,
            timeout=settings.engine_timeout_seconds,
            pool_size=_POOL_SIZE,
            ca_file=settings.engine_ca_file,
            user_agent="hotel",
        )
    except ValueError as error:
        raise InvalidInput(f"HOTEL_ENGINE_URL: {error}") from error


def connect_services(settings: HotelSettings) -> dict[Service, ServiceConnection]:
    """Return where the services are; with their databases where the stack is local.

    Raises:
        HotelError: there is no local stack, and settings name not all services.
    """
    named = _named_services(settings)
    if settings.engine_url or any(named.values()):
        missing = [f"HOTEL_{name.name}_URL" for name, url in named.items() if not url]
        if missing:
            raise InvalidInput(f"the services of this stack are not named: set {', '.join(missing)}")
        token = _secret(settings.service_token)
        return {name: ServiceConnection(url or "", token) for name, url in named.items()}
    state = _local(settings)
    databases = service_database_urls(state.server, settings.home.resolve() / "data")
    token = state.credentials.service_token
    return {
        name: ServiceConnection(service_url(name, state.ports), token, databases[name]) for name in Service
    }


def _engine(settings: HotelSettings, role: Role) -> tuple[str, Auth | None]:
    if settings.engine_url:
        return settings.engine_url, _named_auth(settings, role)
    state = _local(settings)
    if not any(record.name == ENGINE for record in state.running()):
        raise Unreachable(f"the local stack in {settings.home} does not run: `hotel up` starts it")
    address = EngineAddresses.of(state.engine, state.ports)
    return address.rest, BasicAuth(role, state.credentials.passwords[role])


def _named_auth(settings: HotelSettings, role: Role) -> Auth | None:
    if settings.engine_token is not None:
        return BearerAuth(settings.engine_token.get_secret_value())
    if settings.engine_password is not None:
        return BasicAuth(settings.engine_user or role, settings.engine_password.get_secret_value())
    return None


def _named_services(settings: HotelSettings) -> dict[Service, str | None]:
    return {
        Service.BOOKING: settings.booking_url,
        Service.ROOM: settings.room_url,
        Service.RESTAURANT: settings.restaurant_url,
        Service.CLIENT: settings.client_url,
    }


def _local(settings: HotelSettings) -> StackState:
    state = StackState.load(settings.home)
    if state is None:
        raise Unreachable(
            f"there is no local stack in {settings.home}: start one with `hotel up`, "
            "name a release in a cluster by --namespace, "
            "or an engine by HOTEL_ENGINE_URL, HOTEL_ENGINE_USER and HOTEL_ENGINE_PASSWORD"
        )
    return state


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
