"""Workers in a cluster that do nothing, an engine that is a stub, and an operator that scales them for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.charts import REPOSITORY, SCALER, Manifest, of_kind
from support.cluster import Cluster, is_ready
from support.operator_process import OperatorProcess, operator_process, write_kubeconfig
from support.operator_world.engine import StubEngine
from support.waiting import eventually

CRD = REPOSITORY / "operator/crd/externaltaskscalers.yaml"
RIGHTS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
POLICY = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
# Ends at once on SIGTERM, like a worker that has nothing to do.
IDLE = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); signal.pause()"


def install_crd(cluster: Cluster) -> None:
    """Install the CRD as it is in the repository."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(CRD))
    cluster.kubectl("wait", "--for=condition=Established", "--filename", str(CRD))


CORDON = "hotel.example.com/cordoned-until"
FLEET_GROUP = "fleets.example.com"
_REPLICAS = {"type": "object", "properties": {"replicas": {"type": "integer"}}}
_FLEETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"fleets.{FLEET_GROUP}"},
    "spec": {
        "group": FLEET_GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Fleet", "plural": "fleets", "singular": "fleet"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": _REPLICAS, "status": _REPLICAS},
                    }
                },
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
            }
        ],
    },
}


def install_fleets(cluster: Cluster) -> None:
    """Install a kind of somebody else's: it has a scale, and nothing makes pods for it."""
    cluster.apply("default", _FLEETS)
    cluster.kubectl("wait", "--for=condition=Established", f"crd/fleets.{FLEET_GROUP}")


def fleet(name: str, replicas: int) -> dict[str, Any]:
    """Return a target of that kind."""
    return {
        "apiVersion": f"{FLEET_GROUP}/v1",
        "kind": "Fleet",
        "metadata": {"name": name},
        "spec": {"replicas": replicas},
    }


@dataclass
class ScaledWorkers:
    """A namespace with workers.

    Attributes:
        cluster: where.
        namespace: of its own.
        engine: what holds the tasks.
        engine_url: of its REST API.
        image: of the workers; any with Python.
        folder: for kubeconfig and logs.
    """

    cluster: Cluster
    namespace: str
    engine: StubEngine
    engine_url: str
    image: str
    folder: Path
    account: str = ""
    operators: int = 0

    def install_rights(self, *options: str) -> None:
        """Install the rights that the chart gives an operator, and no more."""
        rights = of_kind(self._chart(*options), *RIGHTS)
        self.cluster.apply(self.namespace, *rights)
        self.account = next(m["metadata"]["name"] for m in rights if m["kind"] == "ServiceAccount")

    def install_admission_policy(self) -> None:
        """Install the policy with which the chart narrows these rights."""
        known = "--api-versions=admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
        policy = of_kind(self._chart(known), *POLICY)
        assert len(policy) == 2
        self.cluster.apply(self.namespace, *policy)

    def _chart(self, *options: str) -> list[Manifest]:
        rendered = self.cluster.helm("template", "scaler", SCALER, "--namespace", self.namespace, *options)
        return [manifest for manifest in yaml.safe_load_all(rendered) if manifest]

    @contextmanager
    def operator(self, **environment: str) -> Iterator[OperatorProcess]:
        """Run an operator with these rights, as a process of this machine."""
        self.operators += 1
        name = f"operator-{self.operators}"
        settings = {"OPERATOR_NAMESPACES": self.namespace, "POD_NAME": name, **environment}
        with operator_process(self._kubeconfig(), self.folder / f"{name}.log", **settings) as process:
            eventually(process.is_ready, seconds=60)
            yield process

    def workers(self, replicas: int, name: str = "worker", kind: str = "Deployment") -> None:
        """Create workers that do nothing; returns when they are ready."""
        self.cluster.apply(self.namespace, _workload(name, kind, replicas, self.image))
        eventually(lambda: len(self.ready(name)) == replicas, seconds=120, every=0.5)

    def scaler(self, name: str = "worker", **spec: Any) -> None:
        """Create a scaler, or change it."""
        self.cluster.apply(self.namespace, self.manifest(name, **spec))

    def manifest(self, name: str = "worker", **spec: Any) -> dict[str, Any]:
        """Return a scaler that polls every second and waits for nothing."""
        return {
            "apiVersion": "hotel.example.com/v1alpha1",
            "kind": "ExternalTaskScaler",
            "metadata": {"name": name},
            "spec": {
                "scaleTargetRef": {"name": "worker"},
                "engine": {"url": self.engine_url},
                "topics": ["validate"],
                "pollingInterval": 1,
                "cooldownPeriod": 0,
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
                **spec,
            },
        }

    def replicas(self, name: str = "worker", kind: str = "deployment") -> int:
        """Return the replicas in a workload's spec."""
        return int(self.cluster.get(f"{kind}s", self.namespace, name)["spec"]["replicas"])

    def status(self, name: str = "worker") -> dict[str, Any]:
        """Return the status of a scaler."""
        scaler = self.cluster.get("externaltaskscalers", self.namespace, name)
        status: dict[str, Any] = scaler.get("status", {})
        return status

    def condition(self, kind: str, name: str = "worker") -> tuple[str, str]:
        """Return status and reason of a condition; empty texts if there is none yet."""
        found = [c for c in self.status(name).get("conditions", ()) if c["type"] == kind]
        return (found[0]["status"], found[0]["reason"]) if found else ("", "")

    def pods(self, name: str = "worker") -> list[dict[str, Any]]:
        """Return the pods of a workload that are not going away."""
        pods = self.cluster.items("pods", self.namespace, selector=f"app={name}")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def cordoned(self) -> set[str]:
        """Return the names of the workers' pods that are to fetch nothing more."""
        found = [pod["metadata"] for pod in self.pods()]
        return {metadata["name"] for metadata in found if CORDON in metadata.get("annotations", {})}

    def ready(self, name: str = "worker") -> list[str]:
        """Return the names of the pods that are ready."""
        return sorted(pod["metadata"]["name"] for pod in self.pods(name) if is_ready(pod))

    def reasons(self) -> list[str]:
        """Return the reasons of all events about scalers, in the order in which they happened."""
        about = "involvedObject.kind=ExternalTaskScaler"
        events = self.cluster.items("events", self.namespace, fields=about)
        ordered = sorted(events, key=lambda event: event["metadata"]["creationTimestamp"])
        return [event["reason"] for event in ordered]

    def _kubeconfig(self) -> Path:
        view = json.loads(self.cluster.kubectl("config", "view", "--raw", "--minify", "--output=json"))
        server = view["clusters"][0]["cluster"]
        token = self.cluster.kubectl(
            "create", "token", self.account, "--namespace", self.namespace, "--duration=2h"
        )
        ca_data = server["certificate-authority-data"]
        return write_kubeconfig(self.folder / "kubeconfig", server["server"], token, ca_data)


def _workload(name: str, kind: str, replicas: int, image: str) -> dict[str, Any]:
    labels = {"app": name}
    container = {
        "name": "worker",
        "image": image,
        "command": ["python", "-c", IDLE],
        "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "terminationGracePeriodSeconds": 5,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    spec: dict[str, Any] = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    if kind == "StatefulSet":
        spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
