"""Reservations in a release of hotel as load for its workers, and what becomes of them."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from external_tasks import EngineClient
from external_tasks.errors import EngineError

from support.cluster import Release
from support.fleet_watch import FleetWatch
from support.waiting import eventually

PROCESS = "HotelReservationProcess"
WORKERS = "app.kubernetes.io/component=worker"
QUICK = {"cooldownPeriod": 15, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}}
FIRST_ARRIVAL = datetime.now(UTC).date() + timedelta(days=200)
_NIGHTS = 150


def scaler(release: Release) -> dict[str, Any]:
    """Return the scaler of the workers."""
    found: dict[str, Any] = release.cluster.items("externaltaskscalers", release.namespace)[0]
    return found


def replicas(release: Release) -> int:
    """Return how many workers there are to be."""
    found = release.cluster.items("deployments", release.namespace, selector=WORKERS)
    return int(found[0]["spec"]["replicas"])


def put_to_sleep(release: Release, **changes: Any) -> None:
    """Let the workers go to zero soon when there is nothing to do; returns when they have.

    Args:
        release: whose workers.
        changes: of the scaler's spec beside.
    """
    release.install(
        "--set=worker.defaults.autoscaling.minReplicaCount=0",
        f"--set-json=worker.defaults.autoscaling.spec={json.dumps({**QUICK, **changes})}",
    )
    eventually(lambda: replicas(release) == 0, seconds=120, every=1)


@contextmanager
def watched(release: Release, engine: EngineClient) -> Iterator[FleetWatch]:
    """Watch the workers while the context lasts."""
    spec = scaler(release)["spec"]
    target, topics = spec["scaleTargetRef"]["name"], tuple(spec["topics"])
    with FleetWatch(release.cluster.api, release.namespace, target, engine, topics) as watch:
        yield watch


@dataclass
class Load:
    """Reservations of one night each, over many nights, that belong together.

    Attributes:
        engine: where they are started.
        run: what their references begin with.
        started: how many there are.
    """

    engine: EngineClient
    run: str = ""
    started: int = 0

    def __post_init__(self) -> None:
        self.run = self.run or f"load-{uuid.uuid4().hex[:8]}"

    def start(self, count: int = 1) -> None:
        """Start some more."""
        for _ in range(count):
            reference = f"{self.run}-{self.started}"
            arrival = FIRST_ARRIVAL + timedelta(days=self.started % _NIGHTS)
            variables = {
                "reservation_ref": reference,
                "first_name": "Ada",
                "last_name": "Example",
                "email": f"{reference}@example.com",
                "check_in": arrival.isoformat(),
                "check_out": (arrival + timedelta(days=1)).isoformat(),
                "room_type": "A",
                "guests": 2,
                "table_wanted": False,
                "hold_limit": "PT15M",
            }
            self.engine.start(PROCESS, variables, business_key=reference)
            self.started += 1

    def completed(self) -> int:
        """Return how many have been confirmed, or refused for want of a room."""
        return self._count(completed=True)

    def is_over(self) -> bool:
        """Tell whether none is under way; while the engine cannot be reached, nobody knows."""
        try:
            return self._count(unfinished=True) == 0
        except EngineError:
            return False

    def lives(self) -> list[dict[str, Any]]:
        """Return the ended ones as the engine's history has them."""
        found: list[dict[str, Any]] = self.engine.get("/history/process-instance", self._asked(finished=True))
        return found

    def _count(self, **filters: bool) -> int:
        return int(self.engine.get("/history/process-instance/count", self._asked(**filters))["count"])

    def _asked(self, **filters: bool) -> dict[str, Any]:
        return {"processDefinitionKey": PROCESS, "processInstanceBusinessKeyLike": f"{self.run}-%", **filters}


def lives(load: Load) -> list[tuple[float, float]]:
    """Return start and end of each reservation of a load that has ended, in seconds of the epoch."""
    return [(_moment(life["startTime"]), _moment(life["endTime"])) for life in load.lives()]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
