"""A Kubernetes cluster, and releases of hotel in it."""

import base64
import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from external_task_operator.errors import ClusterUnreachable
from external_task_operator.kubernetes import client as kubernetes_api
from external_tasks import BasicAuth, EngineClient
from hotel.cluster import forward
from hotel.cluster.kubectl import Kubectl
from hotel.cluster.release import ServicePort
from kubernetes import client, config

from support.charts import HOTEL
from support.hotel_command import HotelCommand
from support.waiting import eventually

T = TypeVar("T")
SERVICE_PORTS = {"booking": 5001, "room": 5002, "restaurant": 5003, "client": 5004}
PORTS = {"engine": 8080, "postgresql": 5432, **SERVICE_PORTS}
READY_SECONDS = 240
_AWAY_SECONDS = 60
_COLLECTIONS = {
    "events": "/api/v1",
    "pods": "/api/v1",
    "services": "/api/v1",
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "externaltaskscalers": "/apis/hotel.example.com/v1alpha1",
    "fleets": "/apis/fleets.example.com/v1",
}
"""Where the API server has the objects that tests look at again and again."""
_REPEATABLE = frozenset({"annotate", "apply", "describe", "get", "label", "logs", "scale", "wait"})
# kubectl's own words when no answer came: what the API server itself says begins with "Error from server".
_UNREACHED = re.compile(
    r"^(?!Error from server).*(: EOF|connection reset by peer|TLS handshake timeout"
    r"|The connection to the server \S+ was refused|Unable to connect to the server)",
    re.MULTILINE,
)


class CommandFailedError(Exception):
    """A command ended badly; the message is what it printed."""


class Cluster:
    """What one does with a cluster by kubectl and helm."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}

    def run(self, *command: str | Path, stdin: str | None = None, seconds: float = 60) -> str:
        """Run a command and return what it printed.

        Raises:
            CommandFailedError: it ended with an exit code that is not 0.
        """
        line = [str(part) for part in command]
        done = subprocess.run(
            line,
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise CommandFailedError(f"{' '.join(line)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def begin(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command and return at once."""
        return subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def kubectl(self, *arguments: str, stdin: str | None = None, seconds: float = 60) -> str:
        """Run kubectl; one that may be run twice is run again while the API server cannot be reached.

        Raises:
            CommandFailedError: it failed for another reason, or for too long.
        """
        return _insist(
            lambda: self.run("kubectl", *arguments, stdin=stdin, seconds=seconds),
            lambda error: arguments[0] in _REPEATABLE and bool(_UNREACHED.search(str(error))),
        )

    def helm(self, *arguments: str | Path, seconds: float = READY_SECONDS + 60) -> str:
        return self.run("helm", *arguments, seconds=seconds)

    @cached_property
    def api(self) -> kubernetes_api.Cluster:
        """A client of the API server: a tenth of a second of CPU less for each question than kubectl."""
        configuration = client.Configuration()
        config.load_kube_config(  # type: ignore[no-untyped-call]  # the client has no types
            config_file=str(self.kubeconfig), client_configuration=configuration
        )
        return kubernetes_api.Cluster(configuration, timeout=10)

    def items(
        self, plural: str, namespace: str, *, selector: str = "", fields: str = ""
    ) -> list[dict[str, Any]]:
        """Return the objects of a kind in a namespace that these selectors of labels and fields choose."""
        asked = {"labelSelector": selector, "fieldSelector": fields}
        items: list[dict[str, Any]] = self._ask(_place(plural, namespace), asked)["items"]
        return items

    def get(self, plural: str, namespace: str, name: str) -> dict[str, Any]:
        """Return one object.

        Raises:
            Missing: there is none of that name.
        """
        found: dict[str, Any] = self._ask(f"{_place(plural, namespace)}/{name}", {})
        return found

    def _ask(self, path: str, params: Mapping[str, str]) -> Any:
        given = {name: value for name, value in params.items() if value}
        return _insist(lambda: self.api.get(path, given), lambda error: isinstance(error, ClusterUnreachable))

    def apply(self, namespace: str, *manifests: dict[str, Any]) -> None:
        everything = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=json.dumps(everything))

    def wait_for(self, namespace: str, name: str, condition: str, *, seconds: int = 60) -> None:
        """Wait until an object, as kind/name, has a condition."""
        place = ("--namespace", namespace, f"--timeout={seconds}s")
        self.kubectl("wait", name, f"--for=condition={condition}", *place, seconds=seconds + 30)

    def run_python(self, namespace: str, pod: str, script: str, *arguments: str, image: str) -> str:
        """Run a script in a pod of its own, which meets the restricted standard; return what it printed."""
        self.apply(namespace, python_pod(pod, script, *arguments, image=image))
        try:
            eventually(lambda: self._ended(namespace, pod), seconds=60, every=0.5)
            return self.kubectl("logs", pod, "--namespace", namespace)
        finally:
            self.kubectl("delete", "pod", pod, "--namespace", namespace, "--wait=false")

    def _ended(self, namespace: str, pod: str) -> bool:
        return self.get("pods", namespace, pod)["status"].get("phase") in {"Succeeded", "Failed"}


def _insist(call: Callable[[], T], is_away: Callable[[Exception], bool]) -> T:
    """Make a call again while its error says that the API server is away, for a minute."""
    deadline = time.monotonic() + _AWAY_SECONDS
    while True:
        try:
            return call()
        except Exception as error:
            if not is_away(error) or time.monotonic() > deadline:
                raise
        time.sleep(1)


def _place(plural: str, namespace: str) -> str:
    return f"{_COLLECTIONS[plural]}/namespaces/{namespace}/{plural}"


def python_pod(name: str, script: str, *arguments: str, image: str) -> dict[str, Any]:
    """Return a pod that runs a script."""
    container = {
        "name": "python",
        "image": image,
        "command": ["python", "-c", script, *arguments],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


@dataclass(frozen=True)
class Release:
    """A release of hotel; its name has `hotel` in it and is what the names of its objects begin with.

    Attributes:
        cluster: where.
        namespace: of the release.
        name: of the release.
        settings: options of helm for each install and upgrade.
    """

    cluster: Cluster
    namespace: str
    name: str = "hotel"
    settings: tuple[str, ...] = ()

    def install(self, *options: str, wait: bool = True) -> str:
        """Install it, or upgrade it; return what helm printed."""
        waiting = ["--wait", f"--timeout={READY_SECONDS}s"] if wait else []
        return self.cluster.helm(
            "upgrade",
            "--install",
            self.name,
            HOTEL,
            "--namespace",
            self.namespace,
            "--reset-values",
            *waiting,
            *self.settings,
            *options,
        )

    def uninstall(self) -> str:
        return self.cluster.helm(
            "uninstall", self.name, "--namespace", self.namespace, "--wait", "--timeout=120s"
        )

    def pods(self, *components: str) -> list[dict[str, Any]]:
        """Return its pods, those that go away already left out."""
        selector = f"app.kubernetes.io/instance={self.name}"
        if components:
            selector += f",app.kubernetes.io/component in ({','.join(components)})"
        pods = self.cluster.items("pods", self.namespace, selector=selector)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def unready(self) -> list[str]:
        """Return the names of its lasting pods that are not ready."""
        lasting = [
            pod
            for pod in self.pods()
            if pod["metadata"]["labels"].get("app.kubernetes.io/component") not in HOOKS
        ]
        return [pod["metadata"]["name"] for pod in lasting if not is_ready(pod)]

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        eventually(lambda: not self.unready(), seconds=seconds, every=1)

    def secret(self, name: str, key: str) -> str:
        """Return what a Secret of the release holds."""
        text = self.cluster.kubectl(
            "get",
            "secret",
            f"{self.name}-{name}",
            "--namespace",
            self.namespace,
            f"--output=jsonpath={{.data.{key}}}",
        )
        return base64.b64decode(text).decode()

    @contextlib.contextmanager
    def command(self, home: Path) -> Iterator[HotelCommand]:
        """The hotel command for this release."""
        place = {"HOTEL_NAMESPACE": self.namespace, "HOTEL_RELEASE": self.name}
        yield HotelCommand(home, {"KUBECONFIG": str(self.cluster.kubeconfig), **place})


HOOKS = {"deploy", "test"}
# An engine that lives for minutes: the JVM's second compiler would take more processor time than it saves.
FAST_COMPILER = {"name": "JDK_JAVA_OPTIONS", "value": "-XX:TieredStopAtLevel=1"}


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod has the condition Ready."""
    conditions = pod["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


@contextlib.contextmanager
def forwarded(cluster: Cluster, namespace: str, target: str, port: int) -> Iterator[str]:
    """Forward a free local port to a port of a Service; begin again when the pod behind it ends."""
    kubectl = Kubectl(namespace=namespace, kubeconfig=cluster.kubeconfig)
    service = ServicePort(target.removeprefix("service/"), port)
    with forward.forwarded(kubectl, {target: service}) as urls:
        yield urls[target]


@contextlib.contextmanager
def administrator(release: Release) -> Iterator[EngineClient]:
    """The REST API of a release's engine, as its administrator."""
    with forwarded(release.cluster, release.namespace, f"service/{release.name}-engine", 8080) as url:
        auth = BasicAuth("admin", release.secret("engine-admin", "password"))
        with EngineClient(f"{url}/engine-rest", auth=auth, timeout=30) as client:
            yield client
