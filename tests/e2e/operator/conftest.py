"""An operator with the chart's rights in a real cluster, workers that do nothing, and a stub engine."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.charts import REPOSITORY
from support.cluster import Cluster, Release
from support.hotel_load import put_to_sleep
from support.operator_world.engine import StubEngine
from support.scaled_workers import ScaledWorkers, install_crd


@pytest.fixture(scope="session")
def worker_image() -> str:
    """An image with Python that the cluster has."""
    line = ["make", "--silent", "print-images"]
    images = subprocess.run(line, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout.split()
    return next(image for image in images if "hotel-worker" in image)


@pytest.fixture(scope="session")
def crd(cluster: Cluster) -> Cluster:
    """The cluster with the repository's CRD in it."""
    install_crd(cluster)
    return cluster


@pytest.fixture
def scaled(crd: Cluster, namespace: str, worker_image: str, tmp_path: Path) -> Iterator[ScaledWorkers]:
    """A namespace in which an operator may scale."""
    engine = StubEngine()
    with engine.server() as server:
        url = f"{server.url}/engine-rest"
        scaled = ScaledWorkers(crd, namespace, engine, url, worker_image, tmp_path)
        scaled.install_rights()
        yield scaled


@pytest.fixture
def from_zero(hotel: Release) -> Iterator[Release]:
    """The release with no worker running; put back afterwards."""
    try:
        put_to_sleep(hotel)
        yield hotel
    finally:
        hotel.install()
