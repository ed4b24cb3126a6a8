"""Which kinds the API server serves, and by which name in URLs: only it knows those of custom resources."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from external_task_operator.errors import ClusterError, Missing, NotScalable
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.spec import TargetRef

_KNOWN = {("apps/v1", "Deployment"): "deployments", ("apps/v1", "StatefulSet"): "statefulsets"}
_KEEP_SECONDS = 600.0
# What is not served now may be installed at any time.
_KEEP_MISSING_SECONDS = 30.0


@dataclass(frozen=True)
class _Version:
    """The kinds of one API version: the plural of each, and whether it can be scaled."""

    read_at: float
    plurals: Mapping[str, str]
    scalable: frozenset[str]


class Kinds:
    """Finds the plural under which a kind has a scale subresource. Thread-safe.

    Args:
        cluster: the API server.
        clock: monotonic seconds.
    """

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._versions: dict[str, _Version] = {}

    def plural(self, ref: TargetRef) -> str:
        """Return the name that a target's kind has in URLs.

        Raises:
            NotScalable: the API server does not serve the kind, or it has no scale subresource, or its
                objects belong to no namespace.
            ClusterError: the API server did not tell.
        """
        if known := _KNOWN.get((ref.api_version, ref.kind)):
            return known
        version = self._version(ref)
        if ref.kind in version.scalable:
            return version.plurals[ref.kind]
        if ref.kind in version.plurals:
            raise NotScalable(
                f"{ref.kind} of {ref.api_version} has no scale subresource in a namespace: its CRD needs "
                "subresources.scale and scope Namespaced"
            )
        raise NotScalable(
            f"the API server serves no kind {ref.kind} in {ref.api_version}: install its CRD, or correct "
            "scaleTargetRef.apiVersion and kind (kubectl api-resources lists them)"
        )

    def _version(self, ref: TargetRef) -> _Version:
        known = self._versions.get(ref.api_version)
        if known is not None:
            lasts = _KEEP_SECONDS if ref.kind in known.scalable else _KEEP_MISSING_SECONDS
            if self._clock() - known.read_at < lasts:
                return known
        try:
            found = _parse(self._cluster.get(paths.api_version(ref.api_version)), self._clock())
        except Missing:
            found = _Version(self._clock(), plurals={}, scalable=frozenset())
        except ClusterError:
            if known is not None and ref.kind in known.scalable:
                return known
            raise
        self._versions[ref.api_version] = found
        return found


def _parse(answer: Any, now: float) -> _Version:
    try:
        resources = [(each["name"], each["kind"], each["namespaced"]) for each in answer["resources"]]
    except (KeyError, TypeError) as error:
        raise ClusterError("the list of kinds is not what an API server answers: does a proxy?") from error
    names = {name for name, _, _ in resources}
    plurals = {kind: name for name, kind, _ in resources if "/" not in name}
    inside = {kind for name, kind, namespaced in resources if "/" not in name and namespaced}
    scalable = frozenset(kind for kind in inside if f"{plurals[kind]}/scale" in names)
    return _Version(now, plurals=plurals, scalable=scalable)
