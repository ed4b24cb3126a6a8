"""A release of hotel in a cluster, with workers of our own that each contender scales in turn."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from external_task_operator.scaling.pods import parse
from external_tasks import BasicAuth, EngineClient
from support.cluster import Cluster, Release, forwarded
from support.models import external_task
from support.waiting import eventually

from versus import crew
from versus.figures import Event, Figures, Sample, figures
from versus.loads import Arrival

KEDA = "https://github.com/kedacore/keda/releases/download/v2.21.0/keda-2.21.0.yaml"
EVERY_SECONDS = 0.5
READY_SECONDS = 180
# After the last arrival; KEDA's default cooldown of 300 s follows the drain.
END_SECONDS = 900

Manifests = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Arena:
    """Where the runs take place.

    Attributes:
        release: of hotel; its operator and its engine are used.
        engine: the engine, for the administrator.
        recorder: the address of the recorder.
    """

    release: Release
    engine: EngineClient
    recorder: str

    @property
    def pods_engine(self) -> crew.Engine:
        """The engine as pods reach it."""
        return crew.Engine(f"http://{self.release.name}-engine:8080/engine-rest", crew.NAME)

    def run(self, contender: Callable[[crew.Engine], Manifests], load: Sequence[Arrival]) -> Figures:
        """Play a load while a contender scales, until there is no worker any more."""
        self._reset()
        # KEDA asks from another namespace.
        url = self.pods_engine.url.replace("-engine:", f"-engine.{self.release.namespace}:")
        manifests = contender(crew.Engine(url, crew.NAME))
        cluster, namespace = self.release.cluster, self.release.namespace
        cluster.apply(namespace, *manifests)
        try:
            scaler = manifests[-1]["kind"].lower()
            cluster.wait_for(namespace, f"{scaler}/{crew.NAME}", "Ready", seconds=READY_SECONDS)
            with self._sampled() as samples:
                began = time.time()
                self._play(load)
                eventually(lambda: len(self._done()) == len(load), seconds=END_SECONDS, every=2)
                eventually(lambda: samples[-1].pods == 0, seconds=END_SECONDS, every=2)
            return figures(self._events(), [self._since(began, sample) for sample in samples], began)
        finally:
            for manifest in reversed(manifests):
                cluster.kubectl(
                    "delete", manifest["kind"].lower(), crew.NAME, "--namespace", namespace, "--timeout=60s"
                )

    def _play(self, load: Sequence[Arrival]) -> None:
        began = time.monotonic()
        for number, arrival in enumerate(load):
            time.sleep(max(began + arrival.at - time.monotonic(), 0))
            self.engine.start(crew.PROCESS, {"seconds": arrival.seconds}, business_key=str(number))

    def _reset(self) -> None:
        place = ("--namespace", self.release.namespace)
        self.release.cluster.kubectl("scale", f"deployment/{crew.NAME}", "--replicas=0", *place)
        eventually(lambda: not self._pods(), seconds=READY_SECONDS, every=1)
        urllib3.request("DELETE", self.recorder)

    def _events(self) -> list[Event]:
        return [Event(*event) for event in json.loads(urllib3.request("GET", self.recorder).data)]

    def _done(self) -> set[str]:
        return {event.task for event in self._events() if event.what == "done"}

    def _pods(self) -> list[dict[str, Any]]:
        return self.release.cluster.items("pods", self.release.namespace, selector=f"app={crew.NAME}")

    @contextmanager
    def _sampled(self) -> Iterator[list[Sample]]:
        samples, over = [self._sample()], threading.Event()

        def watch() -> None:
            while not over.wait(EVERY_SECONDS):
                samples.append(self._sample())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield samples
        finally:
            over.set()
            thread.join(30)

    def _sample(self) -> Sample:
        deployment = self.release.cluster.get("deployments", self.release.namespace, crew.NAME)
        listed = self._pods()
        ready = sum(pod.ready and pod.active for pod in map(parse, listed))
        return Sample(time.time(), deployment["spec"]["replicas"], ready, len(listed))

    @staticmethod
    def _since(began: float, sample: Sample) -> Sample:
        return Sample(sample.at - began, sample.replicas, sample.ready, sample.pods)


@contextmanager
def arena(cluster: Cluster, namespace: str, image: str, keda: str) -> Iterator[Arena]:
    """Install hotel, KEDA and the workers, each where it is missing.

    Args:
        cluster: which has hotel's images.
        namespace: of the release.
        image: of the workers; the library is in it.
        keda: manifest of KEDA, a file or a URL.
    """
    release = Release(cluster, namespace)
    labels = {"hotel.example.com/e2e": "true"}
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
    cluster.apply("default", own)
    # KEDA's pods ask the engine, and the workers here are none of hotel's.
    release.install(
        "--set=networkPolicy.enabled=false",
        "--set=worker.defaults.autoscaling.minReplicaCount=0",
        # Else it may read the Secrets of hotel's own scalers only.
        "--set=operator.rbac.anySecret=true",
    )
    if not cluster.kubectl("get", "crd", "scaledobjects.keda.sh", "--ignore-not-found", "--output=name"):
        cluster.kubectl("apply", "--server-side", "--filename", keda, seconds=120)
        cluster.kubectl(
            "wait",
            "deployment",
            "--all",
            "--namespace=keda",
            "--for=condition=Available",
            "--timeout=180s",
            seconds=200,
        )
    password = release.secret("engine-admin", "password")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": crew.NAME},
        "stringData": {"username": "admin", "password": password},
    }
    pods_engine = crew.Engine(f"http://{release.name}-engine:8080/engine-rest", crew.NAME)
    cluster.apply(namespace, secret, crew.workers(image, pods_engine), *crew.recorder(image))
    cluster.wait_for(namespace, f"deployment/{crew.RECORDER}", "Available", seconds=READY_SECONDS)
    with (
        forwarded(cluster, namespace, f"service/{release.name}-engine", 8080) as url,
        forwarded(cluster, namespace, f"service/{crew.RECORDER}", crew.RECORDER_PORT) as recorder,
        EngineClient(f"{url}/engine-rest", auth=BasicAuth("admin", password), timeout=30) as engine,
    ):
        engine.deploy(crew.PROCESS, {"versus.bpmn": external_task(crew.PROCESS, crew.TOPIC)})
        yield Arena(release, engine, recorder)
