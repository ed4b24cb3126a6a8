"""The workers that are scaled, and the recorder that knows what they have begun and done."""

from dataclasses import dataclass
from typing import Any

NAME = "crew"
RECORDER = "recorder"
RECORDER_PORT = 8000
TOPIC = "versus"
PROCESS = "versus"
SLOTS = 4
CORDON = "/etc/cordon"
GRACE_SECONDS = 30
"""Kubernetes' default: what a pod has from SIGTERM to its end."""

# Tells the recorder when it begins a task and when its work is done, just before the engine is told.
_WORK = """
import os, time, urllib.request
from pathlib import Path
from external_tasks import BasicAuth, EngineClient, Task, Worker

def note(what, task):
    moment = f"{task.created_at.timestamp():.3f}"
    place = f"{os.environ['RECORDER']}/{what}/{task.id}/{os.environ['POD_NAME']}/{moment}"
    urllib.request.urlopen(urllib.request.Request(place, method="POST"), timeout=30).close()

auth = BasicAuth(os.environ["ENGINE_USER"], os.environ["ENGINE_PASSWORD"])
engine = EngineClient(os.environ["ENGINE_URL"], auth=auth, timeout=30)
slots, name, cordon = int(os.environ["SLOTS"]), os.environ["POD_NAME"], Path(os.environ["CORDON_FILE"])
worker = Worker(engine, slots=slots, name=name, cordon_file=cordon, health_port=8090)

@worker.task(os.environ["TOPIC"])
def work(task: Task, seconds: float) -> None:
    note("begun", task)
    time.sleep(seconds)
    note("done", task)

worker.run()
"""

_RECORD = """
import http.server, json, time, sys

events = []

class Recorder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        what, task, pod, created = self.path.strip("/").split("/")
        events.append([what, task, pod, float(created), time.time()])
        self.answer(b"")
    def do_GET(self):
        self.answer(json.dumps(events).encode())
    def do_DELETE(self):
        events.clear()
        self.answer(b"")
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *parts):
        pass

http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Recorder).serve_forever()
"""


@dataclass(frozen=True)
class Engine:
    """Where the tasks are, as pods reach it.

    Attributes:
        url: of the REST API.
        secret: holds `username` and `password`.
    """

    url: str
    secret: str


def workers(image: str, engine: Engine) -> dict[str, Any]:
    """Return the Deployment of the workers, without any replica."""
    secret = {"name": engine.secret}
    container = _container(image, "-c", _WORK) | {
        "env": [
            {"name": "RECORDER", "value": f"http://{RECORDER}:{RECORDER_PORT}"},
            {"name": "TOPIC", "value": TOPIC},
            {"name": "SLOTS", "value": str(SLOTS)},
            {"name": "CORDON_FILE", "value": f"{CORDON}/cordoned-until"},
            {"name": "ENGINE_URL", "value": engine.url},
            {"name": "ENGINE_USER", "valueFrom": {"secretKeyRef": {**secret, "key": "username"}}},
            {"name": "ENGINE_PASSWORD", "valueFrom": {"secretKeyRef": {**secret, "key": "password"}}},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8090}, "periodSeconds": 1},
        "volumeMounts": [{"name": "cordon", "mountPath": CORDON}],
    }
    annotation = {"fieldPath": "metadata.annotations['hotel.example.com/cordoned-until']"}
    file = {"path": "cordoned-until", "fieldRef": annotation}
    return _deployment(NAME, 0, container, {"name": "cordon", "downwardAPI": {"items": [file]}})


def recorder(image: str) -> list[dict[str, Any]]:
    """Return what the workers tell what they do, with its Service."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": RECORDER},
        "spec": {"selector": {"app": RECORDER}, "ports": [{"port": RECORDER_PORT}]},
    }
    container = _container(image, "-c", _RECORD, str(RECORDER_PORT)) | {
        "readinessProbe": {"tcpSocket": {"port": RECORDER_PORT}, "periodSeconds": 1}
    }
    return [_deployment(RECORDER, 1, container), service]


def _container(image: str, *arguments: str) -> dict[str, Any]:
    return {
        "name": "python",
        "image": image,
        "command": ["python", *arguments],
        "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _deployment(
    name: str, replicas: int, container: dict[str, Any], *volumes: dict[str, Any]
) -> dict[str, Any]:
    labels = {"app": name}
    pod = {
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": list(volumes),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
