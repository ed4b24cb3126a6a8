"""A kind cluster with two nodes for pods, in which releases go through what happens in years."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from life.nodes import NAME, NODES, WORKERS
from support import kind
from support.cluster import Cluster, Release
from support.hotel_command import HotelCommand

TEST_SECONDS = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster, with the repository's images in the nodes that pods run on; deleted at the end."""
    kind.check_tools()
    folder = tmp_path_factory.mktemp("cluster")
    kubeconfig, nodes = folder / "kubeconfig", folder / "nodes.yaml"
    nodes.write_text(NODES)
    there = kind.exists(NAME)
    if there:
        kind.kind("export", "kubeconfig", "--name", NAME, "--kubeconfig", str(kubeconfig))
    else:
        kind.create(NAME, "--kubeconfig", str(kubeconfig), "--config", str(nodes))
    kind.load_images(NAME, f"--nodes={','.join(sorted(WORKERS))}")
    yield Cluster(kubeconfig)
    if not there and not request.config.getoption("--keep-cluster"):
        kind.delete(NAME)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    stem = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")[:40].strip("-")
    with kind.restricted_namespace(cluster, f"{stem}-{time.time_ns() % 10**6:06}") as name:
        yield name


@pytest.fixture
def release(cluster: Cluster, namespace: str) -> Release:
    """A release that the test installs."""
    return Release(cluster, namespace)


@pytest.fixture
def hotel(release: Release) -> Release:
    """A release of the chart as it is."""
    release.install()
    return release


@pytest.fixture
def run_hotel(release: Release, tmp_path: Path) -> Iterator[HotelCommand]:
    """The hotel command for the release."""
    with release.command(tmp_path) as run:
        yield run
