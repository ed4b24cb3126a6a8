"""Commands around kind, and namespaces of the tests' own in its clusters."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from support.charts import REPOSITORY
from support.cluster import Cluster, CommandFailedError

BUILD_SECONDS = 1200
DATABASE = "postgres:17"
ANSWER_SECONDS = 120
_LOOK = """
uptime; free -m; df -h /var
crictl ps --all --name 'kube-apiserver|etcd' || ctr --namespace k8s.io tasks list
for log in /var/log/containers/kube-apiserver-*.log /var/log/containers/etcd-*.log /var/log/kubelet.log; do
  echo "== $log"; tail -n 15 "$log" | cut -c 1-300
done
"""
_TOOLS = ("docker", "kind", "kubectl", "helm")


def check_tools() -> None:
    """Say what is missing before anything is built."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        needed = f"these tests need {', '.join(missing)} on PATH: docs/kubernetes.md says where from"
        pytest.fail(needed, pytrace=False)


def command(*line: str, seconds: float = 60) -> str:
    """Run a command in the repository and return what it printed; one that fails fails the test."""
    done = subprocess.run(line, capture_output=True, text=True, timeout=seconds, check=False, cwd=REPOSITORY)
    if done.returncode:
        pytest.fail(f"{' '.join(line)}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def kind(*arguments: str, seconds: float = 300) -> str:
    """Run kind and return what it printed."""
    return command("kind", *arguments, seconds=seconds)


def exists(name: str) -> bool:
    """Tell whether there is a cluster of that name."""
    return name in kind("get", "clusters").split()


def create(name: str, *options: str) -> None:
    """Create a cluster; a node image that is here already is taken, else kind pulls its own."""
    image = command("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node").split()
    node = ["--image", image[0]] if image else []
    kind("create", "cluster", "--name", name, "--wait", "180s", *node, *options)


def wait_until_answering(cluster: Cluster, name: str, *, seconds: float = ANSWER_SECONDS) -> None:
    """Wait until the API server says that it is ready; fail with what its node tells if it does not in time.

    A test that began while it starts again would fail at its first call, with all that share its fixtures.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            cluster.run("kubectl", "get", "--raw", "/readyz")
        except (CommandFailedError, subprocess.TimeoutExpired) as error:
            if time.monotonic() > deadline:
                seen = f"The API server of {name} was not ready within {seconds:.0f} s: {error}"
                pytest.fail(f"{seen}\n{node_report(name)}", pytrace=False)
            time.sleep(1)
        else:
            return


def node_report(name: str) -> str:
    """Return why the API server of a kind cluster may be away: its node's containers, logs and memory."""
    looks = (
        ("docker", "ps", "--all", "--filter", f"name={name}-control-plane"),
        ("docker", "exec", f"{name}-control-plane", "sh", "-c", _LOOK),
    )
    said = (subprocess.run(look, capture_output=True, text=True, check=False, timeout=60) for look in looks)
    return "\n".join(f"{look.stdout}{look.stderr}" for look in said)


def delete(name: str) -> None:
    """Delete a cluster."""
    subprocess.run(["kind", "delete", "cluster", "--name", name], check=False, capture_output=True)


def built_images() -> list[str]:
    """Return the names of the images that the repository makes."""
    return command("make", "--silent", "print-images").split()


def load_images(name: str, *options: str) -> None:
    """Build the images and bring them into the cluster's nodes."""
    command("make", "images", seconds=BUILD_SECONDS)
    if not command("docker", "images", "--quiet", DATABASE):
        command("docker", "pull", DATABASE, seconds=BUILD_SECONDS)
    images = (*built_images(), DATABASE)
    kind("load", "docker-image", "--name", name, *images, *options, seconds=BUILD_SECONDS)


@contextlib.contextmanager
def restricted_namespace(cluster: Cluster, name: str) -> Iterator[str]:
    """A namespace in which nothing runs that breaks the restricted standard."""
    cluster.apply(
        "default",
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "labels": {
                    "hotel.example.com/e2e": "true",
                    "pod-security.kubernetes.io/enforce": "restricted",
                },
            },
        },
    )
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")
