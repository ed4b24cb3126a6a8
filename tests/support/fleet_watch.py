"""Watching workers while they are scaled: who is there, who goes, and who is at work."""

import threading
import time
from dataclasses import dataclass, field
from typing import Self

from external_task_operator.engine.counts import locked_tasks
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.scaling.pods import Pod, parse, worker_pod
from external_tasks import EngineClient

EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Look:
    """What there was at a moment (monotonic seconds)."""

    at: float
    replicas: int
    pods: tuple[Pod, ...]
    busy: frozenset[str]

    @property
    def ready(self) -> int:
        return sum(pod.ready and pod.active for pod in self.pods)


@dataclass
class FleetWatch:
    """Looks at a Deployment and its pods several times a second, in a thread of its own.

    Attributes:
        cluster: the API server.
        namespace: of the Deployment.
        deployment: its name.
        engine: where its workers hold locks.
        topics: which.
    """

    cluster: Cluster
    namespace: str
    deployment: str
    engine: EngineClient
    topics: tuple[str, ...]
    looks: list[Look] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(30)

    def steps(self, since: float = 0, until: float = float("inf")) -> list[int]:
        """Return the replicas between two moments, each change once."""
        steps: list[int] = []
        for look in self.looks:
            if since <= look.at <= until and (not steps or steps[-1] != look.replicas):
                steps.append(look.replicas)
        return steps

    def first(self, after: float, replicas: int) -> Look | None:
        """Return the first look after a moment with at least so many replicas."""
        return next((look for look in self.looks if look.at >= after and look.replicas >= replicas), None)

    def first_ready(self, after: float) -> Look | None:
        """Return the first look after a moment with a pod that is ready."""
        return next((look for look in self.looks if look.at >= after and look.ready), None)

    def taken_at_work(self) -> set[str]:
        """Return the pods that had been told to go while they still held locks."""
        return {pod.name for look in self.looks for pod in look.pods if pod.leaving and pod.name in look.busy}

    def replica_seconds(self) -> float:
        """Return the pods that were there, over time."""
        pairs = zip(self.looks, self.looks[1:], strict=False)
        return sum(len(look.pods) * (following.at - look.at) for look, following in pairs)

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.looks.append(self._look())

    def _look(self) -> Look:
        tasks = locked_tasks(self.engine, self.topics)
        # A task that has failed may be locked until its next try, with nobody at work on it.
        busy = frozenset(worker_pod(task.worker_id) for task in tasks if not task.failed_before)
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{self.deployment}"
        deployment = self.cluster.get(path)
        labels = deployment["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        listed = self.cluster.get(f"/api/v1/namespaces/{self.namespace}/pods", {"labelSelector": selector})
        pods = tuple(parse(item) for item in listed["items"])
        return Look(time.monotonic(), deployment["spec"]["replicas"], pods, busy)
