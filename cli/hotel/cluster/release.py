"""A release of hotel in a cluster: found by the labels of its objects, known by what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

from hotel.cluster.kubectl import Kubectl
from hotel.cluster.manifests import (
    COMPONENT,
    RELEASE,
    Manifest,
    environment,
    has_ready_pod,
    http_port,
    is_of_hotel,
    label,
    pick,
)
from hotel.cluster.secrets import Credential
from hotel.errors import MissingInCluster, Refused, Unreachable
from hotel.names import Role, Service

_ENGINE = "engine"
_COMPONENTS = (_ENGINE, *Service)


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service.

    Attributes:
        service: its name.
        port: the number for its callers.
        namespace: None means the release's.
    """

    service: str
    port: int
    namespace: str | None = None


@dataclass(frozen=True)
class EngineUser:
    """A user of the engine and where the password is; either is None where the release does not say it."""

    name: str | None = None
    password: Credential | None = None


@dataclass(frozen=True)
class Release:
    """What the objects of a release say.

    Attributes:
        name: the release's.
        place: its namespace in words.
        manifests: its Deployments, Services and ConfigMaps.
    """

    name: str
    place: str
    manifests: Sequence[Manifest]

    @property
    def external_engine(self) -> str | None:
        """URL of the engine's REST API where that is not the release's own."""
        described = self._engine_elsewhere()
        return described["data"]["url"] if described else None

    @property
    def engine_ca(self) -> Credential | None:
        """The certificates to trust at an external engine, where it has some of its own."""
        data = (self._engine_elsewhere() or {}).get("data", {})
        return Credential(data["ca.secret"], data["ca.key"]) if "ca.secret" in data else None

    def engine(self) -> ServicePort:
        """Return where the release's own engine answers.

        Raises:
            HotelError: it has none, or no pod of it is ready.
        """
        return self._port(_ENGINE)

    def service(self, name: Service) -> ServicePort:
        """Return where one of the services answers.

        Raises:
            HotelError: it is not there, or no pod of it is ready.
        """
        return self._port(name)

    def engine_user(self, role: Role) -> EngineUser:
        """Return the engine's user for a role."""
        if described := self._engine_elsewhere():
            return _described_user(described["data"], role)
        deployment = pick(self.manifests, "Deployment", _ENGINE)
        variables = environment(deployment) if deployment else {}
        prefix = f"ENGINE_{role.name}"
        password = variables.get(f"{prefix}_PASSWORD")
        return EngineUser(
            variables.get(f"{prefix}_USER", {}).get("value"),
            Credential.of_variable(password) if password else None,
        )

    def service_token(self) -> Credential | None:
        """Return where the token is that the services ask of their callers."""
        deployment = pick(self.manifests, "Deployment", Service.BOOKING)
        variable = environment(deployment).get("SERVICE_TOKEN") if deployment else None
        return Credential.of_variable(variable) if variable else None

    def _engine_elsewhere(self) -> Manifest | None:
        return pick(self.manifests, "ConfigMap", _ENGINE)

    def _port(self, component: str) -> ServicePort:
        deployment = pick(self.manifests, "Deployment", component)
        service = pick(self.manifests, "Service", component)
        if deployment is None or service is None:
            raise MissingInCluster(
                f"the release {self.name} in the {self.place} has no {component}: "
                "is its install complete? See `helm status`"
            )
        if not has_ready_pod(deployment):
            raise Unreachable(
                f"no pod of the {component} of the release {self.name} is ready: `kubectl get pods "
                f"--selector {RELEASE}={self.name},{COMPONENT}={component}` in the {self.place} shows why"
            )
        return ServicePort(service["metadata"]["name"], http_port(service))


def find_release(kubectl: Kubectl, name: str | None) -> Release:
    """Return a release of hotel.

    Args:
        kubectl: for its namespace.
        name: of the release; None where it is the only one there.

    Raises:
        HotelError: there is none, or there are several, or the cluster does not answer.
    """
    selector = f"{COMPONENT} in ({','.join(_COMPONENTS)})"
    found = kubectl.get_all("deployments,services,configmaps", f"--selector={selector}")
    hotels = [manifest for manifest in found if is_of_hotel(manifest)]
    names = sorted({label(manifest, RELEASE) for manifest in hotels})
    chosen = _choose(kubectl, names, name)
    manifests = [manifest for manifest in hotels if label(manifest, RELEASE) == chosen]
    place = kubectl.in_namespace(manifests[0]["metadata"]["namespace"]).place()
    return Release(chosen, place, manifests)


def _choose(kubectl: Kubectl, names: Sequence[str], name: str | None) -> str:
    if name in names or (name is None and len(names) == 1):
        return name or names[0]
    if not names:
        _check_namespace(kubectl)
        raise MissingInCluster(
            f"there is no release of hotel in the {kubectl.place()}: "
            "`helm list --all-namespaces` shows where there is one, --namespace names it"
        )
    there = ", ".join(names)
    if name is None:
        raise MissingInCluster(f"the {kubectl.place()} has several releases of hotel: {there}; add --release")
    raise MissingInCluster(f"there is no release {name} of hotel in the {kubectl.place()}; there is: {there}")


def _check_namespace(kubectl: Kubectl) -> None:
    """Raise where the namespace itself is missing: kubectl lists nothing in it without a word."""
    if not kubectl.namespace:
        return
    try:
        kubectl.get("namespace", kubectl.namespace)
    except MissingInCluster as error:
        raise MissingInCluster(
            f"there is no {kubectl.place()}: `kubectl get namespaces` lists those that there are"
        ) from error
    except Refused:
        # Many who may work in a namespace may not look at namespaces.
        return


def _described_user(data: dict[str, str], role: Role) -> EngineUser:
    secret, key = data.get(f"{role}.secret"), data.get(f"{role}.key", "")
    return EngineUser(data.get(f"{role}.user"), Credential(secret, key) if secret else None)
