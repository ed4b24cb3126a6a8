"""The ExternalTaskScalers of a namespace: what they saw, what they decided and what keeps them from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from hotel.cluster.kubectl import Kubectl
from hotel.cluster.manifests import Manifest
from hotel.errors import MissingInCluster

_EXPECTED = {
    "Ready": "True",
    "AbleToScale": "True",
    "Fallback": "False",
    "Paused": "False",
    "ScalingLimited": "False",
}
# How often an operator writes the status at least that does not say it by itself, seconds.
_USUAL_INTERVAL_SECONDS = 60.0
# A status counts as stale once so many writings are missing.
_MISSING_WRITINGS = 3


@dataclass(frozen=True)
class Concern:
    """A condition with another status than a healthy scaler has.

    Attributes:
        type: the condition's.
        status: True, False or Unknown.
        reason: in a word.
        message: in a sentence.
    """

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True)
class Scaler:
    """An ExternalTaskScaler as its status shows it; numbers are None where the status has none yet.

    Attributes:
        name: the object's.
        target: what it scales, as kind/name.
        replicas: that the target has.
        desired: replicas that were decided on.
        unlocked: tasks of all its topics that wait for a worker.
        locked: tasks of all its topics that are at work.
        decision: in a sentence.
        concerns: conditions with another status than a healthy scaler has.
        stale_since: when the status was written, if the operator should have written it again since.
    """

    name: str
    target: str
    replicas: int | None
    desired: int | None
    unlocked: int | None
    locked: int | None
    decision: str
    concerns: tuple[Concern, ...]
    stale_since: str | None = None

    @classmethod
    def of(cls, manifest: Manifest, now: datetime) -> Self:
        """Read the object."""
        target, status = manifest["spec"]["scaleTargetRef"], manifest.get("status", {})
        return cls(
            name=manifest["metadata"]["name"],
            target=f"{target.get('kind', 'Deployment')}/{target['name']}",
            replicas=status.get("replicas"),
            desired=status.get("desiredReplicas"),
            unlocked=status.get("unlocked"),
            locked=status.get("locked"),
            decision=status.get("decision", ""),
            concerns=_concerns(status),
            stale_since=_stale_since(status, now),
        )

    @property
    def problems(self) -> list[str]:
        """What a user should know, a line each."""
        lines = [f"{c.type} is {c.status}: {c.reason}: {c.message}" for c in self.concerns]
        if self.stale_since:
            lines.append(f"its status is from {self.stale_since}: does the operator run?")
        if not self.decision and not lines:
            lines.append("nothing is decided yet: does the operator run?")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return asdict(self)


def read_scalers(kubectl: Kubectl) -> list[Scaler]:
    """Return the scalers of a namespace; none where the cluster does not know the kind.

    Raises:
        HotelError: the cluster does not answer, or refuses.
    """
    try:
        found = kubectl.get_all("externaltaskscalers.hotel.example.com")
    except MissingInCluster:
        return []
    now = datetime.now(UTC)
    return [Scaler.of(manifest, now) for manifest in found]


def _concerns(status: Mapping[str, Any]) -> tuple[Concern, ...]:
    return tuple(
        Concern(item["type"], item["status"], item["reason"], item["message"])
        for item in status.get("conditions", ())
        if item["status"] != _EXPECTED.get(item["type"], item["status"])
    )


def _stale_since(status: Mapping[str, Any], now: datetime) -> str | None:
    written: str | None = status.get("lastPollTime")
    interval = status.get("refreshSeconds", _USUAL_INTERVAL_SECONDS)
    patience = timedelta(seconds=_MISSING_WRITINGS * interval)
    return written if written and now - datetime.fromisoformat(written) > patience else None
