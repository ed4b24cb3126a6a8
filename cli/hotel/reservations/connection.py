"""Which engine and services a command talks to: those that the settings name, else the local stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from external_tasks.bounded_http import ClientCertificate
from external_tasks.engine.auth import Auth, BasicAuth
from external_tasks.engine.client import EngineClient
from external_tasks.engine.logins import choose_auth
from pydantic import SecretStr

from hotel.cluster.connect import connected_release
from hotel.errors import InvalidInput, Unreachable
from hotel.names import Role, Service
from hotel.settings import HotelSettings
from hotel.stack.databases import service_database_urls
from hotel.stack.engine import ENGINE, EngineAddresses
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
def connected(
    settings: HotelSettings, role: Role = Role.CLIENT, *, services: bool = False
) -> Iterator[HotelSettings]:
    """Give settings to connect by, while the context lasts; ports of a release in a cluster are forwarded.

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
    with connected_release(settings, role, services=services) as found:
        yield found


@contextmanager
def opened_engine(settings: HotelSettings, role: Role = Role.CLIENT) -> Iterator[EngineClient]:
    """Give a client of the engine, wherever settings say that it is, while the context lasts.

    Raises:
        HotelError: as `connected` and `connect_engine`.
    """
    with connected(settings, role) as found, connect_engine(found, role) as engine:
        yield engine


def connect_engine(settings: HotelSettings, role: Role = Role.CLIENT) -> EngineClient:
    """Return a client of the engine, logged in as the user of a role.

    Settings of a cluster go through `connected` first.

    Raises:
        HotelError: there is neither a local stack nor an engine named, or its URL is no URL.
    """
    url, auth = _engine(settings, role)
    certificate, key = settings.engine_certificate_file, settings.engine_key_file
    if key and not certificate:
        raise InvalidInput("HOTEL_ENGINE_KEY_FILE needs HOTEL_ENGINE_CERTIFICATE_FILE")
    try:
        return EngineClient(
            url,
            auth=auth,
            timeout=settings.engine_timeout_seconds,
            pool_size=_POOL_SIZE,
            ca_file=settings.engine_ca_file,
            client_certificate=ClientCertificate(certificate, key) if certificate else None,
            proxy=_secret(settings.engine_proxy),
            user_agent="hotel",
        )
    except ValueError as error:
        raise InvalidInput(f"the engine's settings (HOTEL_ENGINE_URL and others): {error}") from error


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
    client_id, secret = settings.engine_oauth2_client_id, _secret(settings.engine_oauth2_client_secret)
    if settings.engine_oauth2_token_url is not None and not (client_id and secret):
        raise InvalidInput(
            "HOTEL_ENGINE_OAUTH2_TOKEN_URL needs HOTEL_ENGINE_OAUTH2_CLIENT_ID and "
            "HOTEL_ENGINE_OAUTH2_CLIENT_SECRET"
        )
    try:
        return choose_auth(
            user=settings.engine_user or role,
            password=_secret(settings.engine_password),
            token=_secret(settings.engine_token),
            token_url=settings.engine_oauth2_token_url,
            client_id=client_id,
            client_secret=secret,
            scope=settings.engine_oauth2_scope,
            audience=settings.engine_oauth2_audience,
            ca_file=settings.engine_ca_file,
            proxy=_secret(settings.engine_proxy),
        )
    except ValueError as error:
        ways = "HOTEL_ENGINE_OAUTH2_…" if settings.engine_oauth2_token_url else "HOTEL_ENGINE_USER and others"
        raise InvalidInput(f"{ways}: {error}") from error


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
