"""Connecting to a release in a cluster: ports forwarded, credentials read, and the settings that say so."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from hotel.cluster.addresses import port_of, with_origin
from hotel.cluster.forward import forwarded
from hotel.cluster.kubectl import Kubectl
from hotel.cluster.release import EngineUser, Release, ServicePort, find_release
from hotel.cluster.secrets import Credential
from hotel.errors import InvalidInput, MissingInCluster
from hotel.names import Role, Service
from hotel.settings import HotelSettings

_ENGINE = "engine"
_OWN_ENGINE_PATH = "/engine-rest"
_PASSWORD = "HOTEL_ENGINE_USER and HOTEL_ENGINE_PASSWORD"  # noqa: S105  # names of variables
_TOKEN = "HOTEL_SERVICE_TOKEN"  # noqa: S105  # a variable's name


@contextmanager
def connected_release(
    settings: HotelSettings, role: Role, *, services: bool = False
) -> Iterator[HotelSettings]:
    """Give the settings of an engine elsewhere for the release that settings name, while the context lasts.

    Args:
        settings: name context, namespace or release; credentials that they hold have precedence.
        role: whose credentials to take.
        services: whether the services are needed too.

    Raises:
        HotelError: there is no such release, it is not ready, or a right is missing.
    """
    _check_one_place(settings)
    kubectl = kubectl_of(settings)
    release = find_release(kubectl, settings.release)
    ports = _service_ports(release) if services else {}
    engine = _engine_port(kubectl, release)
    found = {
        **_engine_login(kubectl, release, settings, role),
        **(_services_login(kubectl, release, settings) if services else {}),
    }
    with ExitStack() as stack:
        found |= _engine_ca(kubectl, release, settings, stack)
        urls = stack.enter_context(forwarded(kubectl, {**({_ENGINE: engine} if engine else {}), **ports}))
        found["engine_url"] = _engine_url(release, urls)
        found |= {f"{name}_url": urls[name] for name in ports}
        yield settings.model_copy(update={"context": None, "namespace": None, "release": None, **found})


def kubectl_of(settings: HotelSettings) -> Kubectl:
    """Return kubectl for the place that settings name."""
    return Kubectl(settings.context, settings.namespace)


def _check_one_place(settings: HotelSettings) -> None:
    elsewhere = ("engine_url", *(f"{name}_url" for name in Service))
    named = [f"HOTEL_{name.upper()}" for name in elsewhere if getattr(settings, name)]
    if named:
        raise InvalidInput(
            f"a release in a cluster is named, and {', '.join(named)} too: unset these, "
            "or leave --context, --namespace and --release out (also HOTEL_CONTEXT, HOTEL_NAMESPACE, "
            "HOTEL_RELEASE)"
        )


def _service_ports(release: Release) -> dict[str, ServicePort]:
    return {str(name): release.service(name) for name in Service}


def _engine_port(kubectl: Kubectl, release: Release) -> ServicePort | None:
    """Return what to forward to; None for an engine outside of the cluster."""
    external = release.external_engine
    return port_of(kubectl, external) if external else release.engine()


def _engine_url(release: Release, urls: Mapping[str, str]) -> str:
    external = release.external_engine
    if external is None:
        return urls[_ENGINE] + _OWN_ENGINE_PATH
    return with_origin(external, urls[_ENGINE]) if _ENGINE in urls else external


def _engine_login(kubectl: Kubectl, release: Release, settings: HotelSettings, role: Role) -> dict[str, Any]:
    if settings.has_engine_login:
        return {"engine_user": settings.engine_user or release.engine_user(role).name}
    user = release.engine_user(role)
    password = _known(release, role, user).read(kubectl, _PASSWORD)
    return {"engine_user": user.name or role, "engine_password": SecretStr(password)}


def _known(release: Release, role: Role, user: EngineUser) -> Credential:
    if user.password is None:
        raise MissingInCluster(
            f"the release {release.name} does not say where the password of the engine's user {role} is: "
            f"set {_PASSWORD}"
        )
    return user.password


def _services_login(kubectl: Kubectl, release: Release, settings: HotelSettings) -> dict[str, Any]:
    token = release.service_token()
    if settings.service_token or token is None:
        return {}
    return {"service_token": SecretStr(token.read(kubectl, _TOKEN))}


def _engine_ca(
    kubectl: Kubectl, release: Release, settings: HotelSettings, stack: ExitStack
) -> dict[str, Any]:
    if settings.engine_ca_file or release.engine_ca is None:
        return {}
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="hotel-ca-")))
    file = folder / "ca.crt"
    file.write_text(release.engine_ca.read(kubectl, "HOTEL_ENGINE_CA_FILE"))
    return {"engine_ca_file": str(file)}
