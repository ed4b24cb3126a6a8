"""Reading Kubernetes objects, as kubectl gives them in JSON."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Manifest = Mapping[str, Any]

RELEASE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
# Neither the release's name nor the chart's nameOverride changes this label.
_CHART = "helm.sh/chart"
_HOTEL = re.compile(r"hotel-\d")


def label(manifest: Manifest, name: str) -> str:
    """Return a label; empty where there is none."""
    value: str = manifest["metadata"].get("labels", {}).get(name, "")
    return value


def is_of_hotel(manifest: Manifest) -> bool:
    """Return whether an object is one of the hotel's chart."""
    return bool(_HOTEL.match(label(manifest, _CHART)))


def pick(manifests: Iterable[Manifest], kind: str, component: str) -> Manifest | None:
    """Return the object of a kind that a component has."""
    found = (m for m in manifests if m["kind"] == kind and label(m, COMPONENT) == component)
    return next(found, None)


def environment(deployment: Manifest) -> dict[str, dict[str, Any]]:
    """Return the variables of a Deployment's containers by name; as in the container, the last one counts."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable for item in containers for variable in item.get("env", [])}


def has_ready_pod(deployment: Manifest) -> bool:
    """Return whether somebody would answer."""
    return bool(deployment.get("status", {}).get("readyReplicas"))


def http_port(service: Manifest) -> int:
    """Return the port of a Service for its callers."""
    ports = service["spec"]["ports"]
    named = [port for port in ports if port.get("name") == "http"]
    number: int = (named or ports)[0]["port"]
    return number
