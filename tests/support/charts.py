"""Charts of the repository, and looking into the manifests that they render."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
HOTEL = REPOSITORY / "charts/hotel"
SCALER = REPOSITORY / "charts/external-task-scaler"
Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]


class ChartRefusedError(Exception):
    """Helm refused the values; the message is what the user sees."""


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """Keep the manifests of some kinds."""
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one manifest of a kind and name."""
    found = [m for m in of_kind(manifests, kind) if m["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} {kind} {name}"
    return found[0]


def pod_of(manifest: Manifest) -> Manifest | None:
    """Return the pod (metadata and spec) that a manifest makes, if it makes any."""
    if manifest["kind"] == "Pod":
        return manifest
    template: Manifest | None = manifest.get("spec", {}).get("template")
    return template if template and "spec" in template else None


def pods_of(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Return the pods that manifests make, by kind and name of what makes them."""
    pods = {f"{m['kind']}/{m['metadata']['name']}": pod_of(m) for m in manifests}
    return {name: pod for name, pod in pods.items() if pod}


def containers_of(pod: Manifest) -> list[Manifest]:
    """Return all containers of a pod, those that run before the others included."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def ci_values() -> list[tuple[Path, str]]:
    """Return every chart with every file of values that it is tested with."""
    return [
        (chart, file.name)
        for chart in (HOTEL, SCALER)
        for file in sorted((chart / "ci").glob("*-values.yaml"))
    ]
