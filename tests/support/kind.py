"""Commands around kind, and namespaces of the tests' own in its clusters."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from support.charts import REPOSITORY
from support.cluster import Cluster

BUILD_SECONDS = 1200
DATABASE = "postgres:17"
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
