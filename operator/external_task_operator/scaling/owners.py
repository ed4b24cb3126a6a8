"""Who else scales a target: HorizontalPodAutoscalers and KEDA's ScaledObjects, and taking it over from them.

A taken-over ScaledObject is paused, as KEDA has it. A HorizontalPodAutoscaler cannot be paused: it gets wide
bounds and both directions disabled, and keeps in an annotation what it had before.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from external_task_operator.errors import ClusterError, FailureKind, Missing, NotAllowed, TargetFailure
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import JSON_PATCH, Cluster
from external_task_operator.names import segment
from external_task_operator.spec import GROUP, TargetRef

log = logging.getLogger(__name__)

HPA = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
TAKEN_BY = f"{GROUP}/taken-over-by"
"""Annotation of a taken-over autoscaler: the name of the scaler that acts in its place."""

BEFORE = f"{GROUP}/before-take-over"
"""Annotation of a taken-over HorizontalPodAutoscaler: its bounds and behavior before, as JSON."""

PAUSED_BY_KEDA = "autoscaling.keda.sh/paused"

_OWNERS_SECONDS = 30.0
_DISABLED = {"selectPolicy": "Disabled"}
_RESTING: Mapping[str, Any] = {
    "minReplicas": 1,
    "maxReplicas": 2**31 - 1,
    "behavior": {"scaleUp": _DISABLED, "scaleDown": _DISABLED},
}


@dataclass(frozen=True)
class Owner:
    """An autoscaler of another kind that names the target.

    Attributes:
        kind: HorizontalPodAutoscaler or ScaledObject.
        path: where it is.
        name: of the object.
        version: resourceVersion.
        annotations: of the object.
        spec: of the object.
        made_by_keda: it is the HorizontalPodAutoscaler of a ScaledObject, which comes and goes with that.
    """

    kind: str
    path: str
    name: str
    version: str
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    made_by_keda: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def is_taken_by(self, scaler: str) -> bool:
        """Tell whether it was taken over for a scaler."""
        return self.annotations.get(TAKEN_BY) == scaler

    @property
    def rests(self) -> bool:
        """It changes no replicas, as far as its spec and annotations say."""
        if self.kind == SCALED_OBJECT:
            return self.annotations.get(PAUSED_BY_KEDA) == "true"
        return all(_is_at_rest(name, self.spec.get(name)) for name in _RESTING)


_Owned = dict[tuple[str, str, str], list[Owner]]
"""Who scales a target, by its group, kind and name."""


@dataclass
class _Found:
    read_at: float = float("-inf")
    owners: _Owned = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class CompetingAutoscalers:
    """Finds autoscalers of other kinds on the same target. Thread-safe; no namespace waits for another.

    Args:
        cluster: where to look.
        clock: monotonic seconds.
    """

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Found] = {}

    def refuse(self, namespace: str, ref: TargetRef, allowed_for: str = "") -> None:
        """Make sure that nobody else scales the target.

        Args:
            namespace: of the target.
            ref: the target.
            allowed_for: a scaler; autoscalers that were taken over for it and rest are no competitors.

        Raises:
            TargetFailure: an HPA or a ScaledObject does.
        """
        for owner in self.owners(namespace, ref):
            if allowed_for and owner.is_taken_by(allowed_for) and owner.rests:
                continue
            message = f"{owner} scales {ref} too: remove one of the two"
            raise TargetFailure(FailureKind.TARGET_OWNED, message)

    def owners(self, namespace: str, ref: TargetRef) -> list[Owner]:
        """Return the autoscalers of a target; looks again every half minute."""
        with self._lock:
            known = self._known.setdefault(namespace, _Found())
        with known.lock:
            if self._clock() - known.read_at >= _OWNERS_SECONDS:
                found: _Owned = {}
                # KEDA makes an HPA of each ScaledObject, except while it is paused or at 0.
                for kind, path in (
                    (SCALED_OBJECT, paths.scaled_objects(namespace)),
                    (HPA, paths.autoscalers(namespace)),
                ):
                    for target, owner in self._read(kind, path, known.owners):
                        found.setdefault(target, []).append(owner)
                known.owners, known.read_at = found, self._clock()
            return known.owners.get(ref.key, [])

    def take(self, namespace: str, owner: Owner, scaler: str) -> None:
        """Let an autoscaler rest in favour of a scaler; the next look shows whether it does.

        Raises:
            TargetFailure: it was not changed.
        """
        if owner.kind == SCALED_OBJECT:
            annotations = {TAKEN_BY: scaler, PAUSED_BY_KEDA: "true"}
            change: dict[str, Any] = {"metadata": {"annotations": annotations}}
        else:
            annotations = {TAKEN_BY: scaler, BEFORE: json.dumps(_to_remember(owner))}
            change = {"metadata": {"annotations": annotations}, "spec": _RESTING}
        change["metadata"]["resourceVersion"] = owner.version
        self._change(namespace, owner, lambda: self._cluster.patch(owner.path, change), "taken over")

    def give_back(self, namespace: str, owner: Owner) -> None:
        """Let an autoscaler scale again as before it was taken over.

        Raises:
            TargetFailure: it was not changed.
        """
        annotations = [TAKEN_BY, BEFORE]
        steps: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": owner.version}
        ]
        if owner.kind == HPA:
            steps += [_step(f"/spec/{name}", value) for name, value in _before(owner).items()]
        else:
            annotations.append(PAUSED_BY_KEDA)
        steps += [_remove(name) for name in annotations if name in owner.annotations]
        self._change(
            namespace, owner, lambda: self._cluster.patch(owner.path, steps, JSON_PATCH), "given back"
        )

    def _change(self, namespace: str, owner: Owner, change: Callable[[], object], doing: str) -> None:
        try:
            change()
        except NotAllowed as error:
            message = f"{owner} may not be {doing}: grant the operator to patch it (rbac.takeOver): {error}"
            raise TargetFailure(FailureKind.TARGET_OWNED, message) from error
        except ClusterError as error:
            message = f"{owner} was not {doing}: {error}"
            raise TargetFailure(FailureKind.TARGET_OWNED, message) from error
        finally:
            with self._lock:
                self._known.pop(namespace, None)

    def _read(self, kind: str, path: str, before: _Owned) -> Iterable[tuple[tuple[str, str, str], Owner]]:
        try:
            return [_owner(kind, path, item) for item in self._cluster.get(path).get("items", [])]
        except Missing:
            return []
        except ClusterError as error:
            log.warning("Other autoscalers cannot be listed", extra={"path": path, "error": str(error)})
            # Who was there a moment ago still is, as far as is known.
            return [
                (target, owner) for target, owners in before.items() for owner in owners if owner.kind == kind
            ]


def _owner(kind: str, path: str, item: Mapping[str, Any]) -> tuple[tuple[str, str, str], Owner]:
    metadata, spec = item["metadata"], item.get("spec") or {}
    ref = spec.get("scaleTargetRef") or {}
    group = str(ref.get("apiVersion") or "apps/v1").partition("/")[0]
    makers = [each.get("kind") for each in metadata.get("ownerReferences") or ()]
    owner = Owner(
        kind=kind,
        path=f"{path}/{segment(metadata['name'])}",
        name=metadata["name"],
        version=metadata.get("resourceVersion", ""),
        annotations=metadata.get("annotations") or {},
        spec=spec,
        made_by_keda=SCALED_OBJECT in makers,
    )
    return (group, ref.get("kind") or "Deployment", ref.get("name") or ""), owner


def _is_at_rest(name: str, value: Any) -> bool:
    if name != "behavior":
        return bool(value == _RESTING[name])
    rules = value or {}
    return all((rules.get(way) or {}).get("selectPolicy") == "Disabled" for way in ("scaleUp", "scaleDown"))


def _to_remember(owner: Owner) -> dict[str, Any]:
    # Where it rests already, in whole or in part, it was taken over earlier.
    earlier = _remembered(owner)
    fields = {name: owner.spec.get(name) for name in _RESTING}
    return {
        name: earlier[name] if name in earlier and _is_at_rest(name, value) else value
        for name, value in fields.items()
        if value is not None or name in earlier
    }


def _remembered(owner: Owner) -> dict[str, Any]:
    try:
        before = json.loads(owner.annotations.get(BEFORE, ""))
    except ValueError:
        return {}
    return before if isinstance(before, dict) else {}


def _before(owner: Owner) -> dict[str, Any]:
    before = _remembered(owner)
    if not isinstance(before.get("maxReplicas"), int):
        message = (
            f"{owner} cannot be given back, for its annotation {BEFORE} was changed: set its bounds and "
            f"behavior, and remove the annotation {TAKEN_BY}"
        )
        raise TargetFailure(FailureKind.TARGET_OWNED, message)
    return {name: before.get(name) for name in _RESTING}


def _step(path: str, value: Any) -> dict[str, Any]:
    return {"op": "remove", "path": path} if value is None else {"op": "add", "path": path, "value": value}


def _remove(annotation: str) -> dict[str, Any]:
    escaped = annotation.replace("~", "~0").replace("/", "~1")
    return {"op": "remove", "path": f"/metadata/annotations/{escaped}"}
