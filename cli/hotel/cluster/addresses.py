"""Addresses as pods use them, and what is behind them in the cluster."""

from urllib.parse import urlsplit, urlunsplit

from hotel.cluster.kubectl import Kubectl
from hotel.cluster.release import ServicePort
from hotel.errors import MissingInCluster, Refused

_DOMAIN = ("svc", "cluster", "local")
_HTTP_PORT = 80


def port_of(kubectl: Kubectl, url: str) -> ServicePort | None:
    """Return the Service that a pod reaches by a URL; None where it leads out of the cluster.

    Args:
        kubectl: for the pod's namespace.
        url: with the scheme http. What speaks TLS is reached by its own name alone, so it is left alone.
    """
    parts = urlsplit(url)
    name, *rest = (parts.hostname or "").split(".")
    namespace = rest[0] if rest else None
    if parts.scheme != "http" or tuple(rest[1:]) not in {_DOMAIN[:end] for end in range(4)}:
        return None
    port = ServicePort(name, parts.port or _HTTP_PORT, namespace)
    return port if _has_pods(kubectl, port) else None


def with_origin(url: str, origin: str) -> str:
    """Return a URL with scheme, host and port of another one."""
    place, parts = urlsplit(origin), urlsplit(url)
    return urlunsplit((place.scheme, place.netloc, parts.path, parts.query, ""))


def _has_pods(kubectl: Kubectl, port: ServicePort) -> bool:
    try:
        service = kubectl.in_namespace(port.namespace).get("service", port.service)
    except (MissingInCluster, Refused):
        return False
    # One without a selector, such as an ExternalName, stands for something elsewhere.
    return bool(service["spec"].get("selector"))
