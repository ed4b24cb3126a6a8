"""A `kubectl` for tests: it tells of objects that a test names, and forwards to servers of the test."""

import base64
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Run as a program of its own, as kubectl is; so it must not import anything of the tests.
_PROGRAM = r"""
import json, os, re, socket, sys, threading
from pathlib import Path

home = Path(__file__).parent
state = json.loads((home / "state.json").read_text())
options = dict(a[2:].split("=", 1) for a in sys.argv[1:] if a.startswith("--") and "=" in a)
words = [a for a in sys.argv[1:] if not a.startswith("--")]
with (home / "calls").open("a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
namespace = options.get("namespace", state["namespace"])


def fail(text):
    sys.exit(text)


def matches(labels, selector):
    for name, values in re.findall(r"([\w./-]+) in \(([^)]*)\)", selector):
        if labels.get(name) not in values.split(","):
            return False
    return True


def get(kinds, name=None):
    wanted = {kind.split(".")[0].rstrip("s") for kind in kinds.split(",")}
    if wanted == {"namespace"}:
        if name not in state["namespaces"]:
            fail(f'Error from server (NotFound): namespaces "{name}" not found')
        return print("{}")
    found = [
        o for o in state["objects"]
        if o["kind"].lower() in wanted and o["metadata"]["namespace"] == namespace
        and matches(o["metadata"].get("labels", {}), options.get("selector", ""))
    ]
    if name is None:
        return print(json.dumps({"kind": "List", "items": found}))
    for one in found:
        if one["metadata"]["name"] == name:
            return print(json.dumps(one))
    fail(f'Error from server (NotFound): {kinds}s "{name}" not found')


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def forward(service, ports):
    local, remote = ports.split(":")
    backend = state["backends"].get(f"{namespace}/{service.split('/')[1]}:{remote}")
    if backend is None:
        fail("error: unable to forward port because pod is not running. Current status=Pending")
    (home / "pids").open("a").write(f"{os.getpid()}\n")
    server = socket.create_server(("127.0.0.1", int(local)))
    print(f"Forwarding from 127.0.0.1:{local} -> {remote}", flush=True)
    while True:
        client, _ = server.accept()
        print(f"Handling connection for {local}", flush=True)
        try:
            pod = socket.create_connection(("127.0.0.1", backend))
        except OSError:
            fail("error: lost connection to pod")
        for pair in ((client, pod), (pod, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


verb, *arguments = words
if text := state["failures"].get(verb) or state["failures"].get(" ".join(words[:2])):
    fail(text)
if verb == "get":
    get(*arguments)
elif verb == "port-forward":
    forward(*arguments)
elif verb == "config":
    print(state["namespace"], end="")
"""


class FakeKubectl:
    """The program and what it knows; on PATH as soon as a test puts `folder` there.

    Args:
        folder: for the program; nothing else may be in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state: dict[str, Any] = {
            "namespace": "default",
            "namespaces": ["default"],
            "objects": [],
            "backends": {},
            "failures": {},
        }
        program = folder / "kubectl"
        program.write_text(f"#!{sys.executable} -IS\n{_PROGRAM}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self._save()

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def forwards(self) -> list[int]:
        """The process ids of the port-forwards that were begun."""
        file = self.folder / "pids"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    @property
    def path(self) -> str:
        """PATH with it in front."""
        return f"{self.folder}:{os.environ['PATH']}"

    def know(self, *objects: Mapping[str, Any]) -> None:
        """Have objects in the cluster, and their namespaces."""
        self._state["objects"] += objects
        self._state["namespaces"] += [one["metadata"]["namespace"] for one in objects]
        self._save()

    def forget(self) -> None:
        """Have no object in the cluster any more."""
        self._state["objects"] = []
        self._save()

    def lead(self, service: str, port: int, to: int, *, namespace: str = "hotel") -> None:
        """Let a Service's port lead to a port of this machine."""
        self._state["backends"][f"{namespace}/{service}:{port}"] = to
        self._save()

    def fail(self, call: str, text: str) -> None:
        """Let calls that begin so fail with a text; an empty one lets them succeed again."""
        self._state["failures"][call] = text
        self._save()

    def _save(self) -> None:
        fresh = self.folder / "state.new"
        fresh.write_text(json.dumps(self._state))
        fresh.replace(self.folder / "state.json")


def metadata(name: str, component: str, release: str, namespace: str) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/component": component,
        "helm.sh/chart": "hotel-0.1.0",
    }
    return {"name": name, "namespace": namespace, "labels": labels}


def secret(name: str, *, namespace: str = "hotel", **data: str) -> dict[str, Any]:
    """Return a Secret."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": encoded}


def component(
    name: str, port: int, env: list[dict[str, Any]], *, release: str, namespace: str, ready: int = 1
) -> list[dict[str, Any]]:
    """Return the Deployment and the Service of a component of a release."""
    meta = metadata(f"{release}-{name}", name, release, namespace)
    container = {"name": name, "env": env}
    return [
        {
            "kind": "Deployment",
            "metadata": meta,
            "spec": {"template": {"spec": {"containers": [container]}}},
            "status": {"readyReplicas": ready},
        },
        {
            "kind": "Service",
            "metadata": meta,
            "spec": {"ports": [{"name": "http", "port": port}], "selector": meta["labels"]},
        },
    ]


def from_secret(variable: str, secret: str, key: str = "password") -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def hotel_release(
    release: str = "hotel", *, namespace: str = "hotel", ready: int = 1
) -> list[dict[str, Any]]:
    """Return a release with an engine of its own, as the chart installs it."""
    engine_env = [
        variable
        for role in ("ADMIN", "CLIENT", "DEPLOYER")
        for variable in (
            {"name": f"ENGINE_{role}_USER", "value": role.lower()},
            from_secret(f"ENGINE_{role}_PASSWORD", f"{release}-engine-{role.lower()}"),
        )
    ]
    token = [from_secret("SERVICE_TOKEN", f"{release}-service-token", "token")]
    ports = {"booking": 5001, "room": 5002, "restaurant": 5003, "client": 5004}
    place: dict[str, Any] = {"release": release, "namespace": namespace, "ready": ready}
    return [
        *component("engine", 8080, engine_env, **place),
        *(part for name, port in ports.items() for part in component(name, port, token, **place)),
        secret(f"{release}-engine-client", namespace=namespace, password="client's"),
        secret(f"{release}-engine-deployer", namespace=namespace, password="deployer's"),
        secret(f"{release}-service-token", namespace=namespace, token="t0ken"),
    ]


def external_engine(url: str, release: str = "hotel", *, namespace: str = "hotel") -> list[dict[str, Any]]:
    """Return what a release with an engine elsewhere says about it."""
    data = {"url": url}
    for role in ("client", "deployer"):
        data |= {f"{role}.user": f"{role}-elsewhere", f"{role}.secret": "logins", f"{role}.key": role}
    return [
        {
            "kind": "ConfigMap",
            "metadata": metadata(f"{release}-engine", "engine", release, namespace),
            "data": data,
        },
        secret("logins", namespace=namespace, client="client's", deployer="deployer's"),
    ]


def scaler(name: str = "hotel-worker-default", *, namespace: str = "hotel", **status: Any) -> dict[str, Any]:
    """Return an ExternalTaskScaler."""
    return {
        "kind": "ExternalTaskScaler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"scaleTargetRef": {"name": name}},
        "status": status,
    }
