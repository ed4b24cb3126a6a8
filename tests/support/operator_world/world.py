"""A small world for the operator: a stub engine, a stub API server, and a clock that is turned by hand."""

import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.settings import OperatorSettings
from external_task_operator.times import to_text
from external_task_operator.wiring import wire
from kubernetes import client
from prometheus_client import generate_latest

from support.operator_world.cluster import StubCluster
from support.operator_world.engine import StubEngine

NAMESPACE = "hotel"


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait until a condition comes true; AssertionError if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the condition did not come true in time")
        time.sleep(0.005)


def connect(url: str) -> Cluster:
    """Return a client of a stub API server."""
    configuration = client.Configuration()
    configuration.host = url
    return Cluster(configuration, timeout=5)


class Operator:
    """All parts of an operator but kopf, driven by hand."""

    def __init__(self, world: "World", identity: str, allowed: tuple[str, ...] = ()) -> None:
        self.world = world
        self.cluster = connect(world.api_url)
        clock: Callable[[], float] = lambda: world.now  # noqa: E731
        settings = OperatorSettings(operator_namespaces=(NAMESPACE,), operator_allowed_engines=allowed)
        wired = wire(settings, self.cluster, identity, clock=clock, wall=clock)
        self.registry, self.engines, self.leases = wired.registry, wired.engines, wired.leases
        self.poller, self.metrics = wired.poller, wired.metrics

    def watch(self) -> None:
        """See what a watch would have told by now."""
        there = {item["metadata"]["uid"] for item in self.world.scalers()}
        for item in self.world.scalers():
            self.registry.put(item)
        for scaler in self.registry.all():
            if scaler.uid not in there:
                self.registry.drop(scaler.namespace, scaler.name)

    def poll(self, times: int = 1, seconds: float = 5) -> None:
        """Let time pass and poll every scaler, so many times."""
        for _ in range(times):
            self.world.now += seconds
            self.watch()
            self.leases.acquire_or_renew(self.registry.namespaces())
            for scaler in self.registry.all():
                scaler.due = min(scaler.due, self.world.now)
            self.poller.tick()
            wait_for(lambda: not any(scaler.polling for scaler in self.registry.all()))

    def stop(self) -> None:
        """End all threads and connections."""
        self.poller.stop()
        self.poller.run()
        self.leases.close()
        self.engines.close()
        self.cluster.close()

    def metric(self, name: str) -> dict[str, float]:
        """Return the samples of the series whose name and labels begin so."""
        lines = generate_latest(self.metrics).decode().splitlines()
        found = [line.rsplit(" ", 1) for line in lines if line.startswith(name)]
        return {series: float(value) for series, value in found}


class World:
    """An engine, a cluster, and the things in it."""

    def __init__(self, engine: StubEngine, engine_url: str, api: StubCluster, api_url: str) -> None:
        self.engine = engine
        self.engine_url = f"{engine_url}/engine-rest"
        self.api = api
        self.api_url = api_url
        self.now = 1_800_000_000.0
        engine.clock = lambda: self.now
        self.operators: list[Operator] = []

    def operator(self, identity: str = "operator-1", *, allowed: tuple[str, ...] = ()) -> Operator:
        """Start another operator."""
        self.operators.append(Operator(self, identity, allowed))
        return self.operators[-1]

    def scaler(self, name: str = "worker", **spec: Any) -> None:
        """Create a scaler, or change its spec."""
        path = paths.scaler(NAMESPACE, name)
        existing = self.api.get(path) or {"metadata": {"generation": 0, "annotations": {}}}
        self.api.put(
            path,
            {
                **existing,
                "metadata": {**existing["metadata"], "generation": existing["metadata"]["generation"] + 1},
                "spec": {
                    "scaleTargetRef": {"name": "worker"},
                    "engine": {"url": self.engine_url},
                    "topics": ["validate"],
                    "maxReplicaCount": 20,
                    **spec,
                },
            },
        )

    def scalers(self) -> list[dict[str, Any]]:
        """Return all scalers as the API has them."""
        return self.api.below(paths.scalers(NAMESPACE))

    def annotate(self, name: str = "worker", **annotations: str) -> None:
        """Set the annotations of a scaler."""
        scaler = self._object(paths.scaler(NAMESPACE, name))
        scaler["metadata"]["annotations"] = annotations
        self.api.put(paths.scaler(NAMESPACE, name), scaler)

    def status(self, name: str = "worker") -> dict[str, Any]:
        """Return the status of a scaler."""
        status: dict[str, Any] = self._object(paths.scaler(NAMESPACE, name)).get("status", {})
        return status

    def condition(self, kind: str, name: str = "worker") -> tuple[str, str]:
        """Return status and reason of a condition."""
        found = [c for c in self.status(name)["conditions"] if c["type"] == kind]
        return found[0]["status"], found[0]["reason"]

    def target(
        self, replicas: int, name: str = "worker", kind: str = "deployments", api: str = "apps/v1"
    ) -> None:
        """Create a target, or change its replicas."""
        self.api.put(
            f"/apis/{api}/namespaces/{NAMESPACE}/{kind}/{name}",
            {"spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}}},
        )

    def replicas(self, name: str = "worker", kind: str = "deployments", api: str = "apps/v1") -> int:
        """Return the replicas in a target's spec."""
        return int(self._object(f"/apis/{api}/namespaces/{NAMESPACE}/{kind}/{name}")["spec"]["replicas"])

    def pod(self, name: str, *, ready: bool = True, app: str = "worker", **annotations: str) -> None:
        """Create a running pod of a target."""
        self.api.put(
            paths.pod(NAMESPACE, name),
            {
                "metadata": {
                    "labels": {"app": app},
                    "annotations": annotations,
                },
                "spec": {"nodeName": "node"},
                "status": {
                    "phase": "Running",
                    "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
                },
            },
        )

    def rest(self, pod: str) -> None:
        """Let a pod say that it has ended its tasks and fetches no more."""
        found = self._object(paths.pod(NAMESPACE, pod))
        resting = {"type": "Ready", "status": "False", "lastTransitionTime": to_text(self.now)}
        found["status"]["conditions"] = [resting]
        self.api.put(paths.pod(NAMESPACE, pod), found)

    def annotations(self, pod: str) -> dict[str, str]:
        """Return the annotations of a pod."""
        return self._object(paths.pod(NAMESPACE, pod))["metadata"].get("annotations") or {}

    def events(self) -> list[tuple[str, str]]:
        """Type and reason of all events, in the order in which they were posted."""
        return [(event["type"], event["reason"]) for event in self.api.below(paths.events(NAMESPACE))]

    def secret(self, name: str, **entries: str) -> None:
        """Create or replace a Secret."""
        data = {key: b64encode(text.encode()).decode() for key, text in entries.items()}
        self.api.put(paths.secret(NAMESPACE, name), {"data": data})

    def _object(self, path: str) -> Any:
        found = self.api.get(path)
        if found is None:
            raise AssertionError(f"there is no {path}")
        return found
