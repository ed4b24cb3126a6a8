"""A kind cluster for the session (or one that is there), with the images in it and hotel installed once."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from external_tasks import BasicAuth, EngineClient
from support.charts import REPOSITORY
from support.cluster import Cluster, CommandFailedError, Release, forwarded
from support.guests import guest
from support.hotel_command import HotelCommand

NAME = "hotel-e2e"
ARTIFACTS = REPOSITORY / "e2e-artifacts"
DATABASE = "postgres:17"
BUILD_SECONDS = 1200
Note = Callable[[str], None]
# The first test also waits for the cluster and the images.
TEST_SECONDS = 1800
_figures = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def note(request: pytest.FixtureRequest) -> Note:
    """Note a figure that the run ends with."""
    figures = request.config.stash.setdefault(_figures, [])
    return figures.append


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if figures := config.stash.get(_figures, []):
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.fixture(scope="session")
def tools() -> None:
    """Say what is missing before anything is built."""
    missing = [tool for tool in ("docker", "kind", "kubectl", "helm") if shutil.which(tool) is None]
    if missing:
        pytest.fail(
            f"tests/e2e needs {', '.join(missing)} on PATH: docs/kubernetes.md says where from", pytrace=False
        )


@pytest.fixture(scope="session")
def kubeconfig(
    tools: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The kubeconfig of a cluster that has hotel's images."""
    if given := request.config.getoption("--kubeconfig"):
        yield Path(given)
        return
    file = tmp_path_factory.mktemp("kind") / "kubeconfig"
    found = NAME in kind("get", "clusters").split()
    try:
        if found:
            kind("export", "kubeconfig", "--name", NAME, "--kubeconfig", str(file))
        else:
            create_cluster(file)
        load_images()
        yield file
    finally:
        # A cluster that was there is another run's to delete.
        if not found and not request.config.getoption("--keep-cluster"):
            kind("delete", "cluster", "--name", NAME)


def create_cluster(kubeconfig: Path) -> None:
    """Create the cluster; a node image that is here already is taken, else kind pulls its own."""
    image = command("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node").split()
    options = ["--image", image[0]] if image else []
    kind("create", "cluster", "--name", NAME, "--kubeconfig", str(kubeconfig), "--wait", "180s", *options)


def load_images() -> None:
    """Build the images and bring them into the cluster's node."""
    command("make", "images", seconds=BUILD_SECONDS)
    images = command("make", "--silent", "print-images").split()
    if not command("docker", "images", "--quiet", DATABASE):
        command("docker", "pull", DATABASE, seconds=BUILD_SECONDS)
    kind("load", "docker-image", "--name", NAME, *images, DATABASE, seconds=BUILD_SECONDS)


def kind(*arguments: str, seconds: float = 300) -> str:
    return command("kind", *arguments, seconds=seconds)


def command(*line: str, seconds: float = 60, check: bool = True) -> str:
    done = subprocess.run(line, capture_output=True, text=True, timeout=seconds, check=False, cwd=REPOSITORY)
    if check and done.returncode:
        pytest.fail(f"{' '.join(line)}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="session")
def cluster(kubeconfig: Path) -> Cluster:
    return Cluster(kubeconfig)


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


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    stem = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")
    with restricted_namespace(cluster, f"{stem[:40].strip('-')}-{time.time_ns() % 10**6:06}") as name:
        yield name


@pytest.fixture
def authority() -> trustme.CA:
    """Who signs the certificates of what runs elsewhere."""
    return trustme.CA()


@pytest.fixture(scope="session")
def hotel(cluster: Cluster, note: Note, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """hotel, installed once with the values as they are; a test that changes it puts it back."""
    with restricted_namespace(cluster, f"hotel-{time.time_ns() % 10**6:06}") as namespace:
        release = Release(cluster, namespace)
        began = time.monotonic()
        release.install()
        installed = time.monotonic() - began
        with release.command(tmp_path_factory.mktemp("first")) as run:
            ran = run("reserve", *guest())
        confirmed = time.monotonic() - began
        assert ran.code == 0, ran.err
        note(f"helm install: ready after {installed:.0f} s, first reservation confirmed at {confirmed:.0f} s")
        yield release


@pytest.fixture
def engine(hotel: Release) -> Iterator[EngineClient]:
    """The REST API of the release's engine, as its administrator."""
    with forwarded(hotel.cluster, hotel.namespace, f"service/{hotel.name}-engine", 8080) as url:
        auth = BasicAuth("admin", hotel.secret("engine-admin", "password"))
        with EngineClient(f"{url}/engine-rest", auth=auth, timeout=30) as client:
            yield client


@pytest.fixture
def run_hotel(hotel: Release, tmp_path: Path) -> Iterator[HotelCommand]:
    """The hotel command for the release."""
    with hotel.command(tmp_path) as run:
        yield run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """When a test fails, write pods, events and logs of the tests' namespaces into a folder."""
    report = yield
    found = getattr(item, "funcargs", {}).get("cluster")
    if report.failed and isinstance(found, Cluster):
        folder = ARTIFACTS / item.name
        folder.mkdir(parents=True, exist_ok=True)
        write_artifacts(found, folder)
        report.sections.append(("artifacts", str(folder)))
    return report


def write_artifacts(cluster: Cluster, folder: Path) -> None:
    """Write what tells why something failed, as far as the cluster still tells it."""
    with contextlib.suppress(CommandFailedError, subprocess.TimeoutExpired):
        names = cluster.kubectl(
            "get", "namespaces", "--selector=hotel.example.com/e2e", "--output=name"
        ).split()
        for name in (name.removeprefix("namespace/") for name in names):
            place = ("--namespace", name)
            looks = {
                "pods.txt": ("get", "pods,jobs,externaltaskscalers", "--output=wide", *place),
                "describe.txt": ("describe", "pods", *place),
                "events.txt": ("get", "events", "--sort-by=.lastTimestamp", *place),
            }
            for file, arguments in looks.items():
                (folder / f"{name}-{file}").write_text(cluster.kubectl(*arguments))
            for pod in cluster.get("pods", name):
                pod_name = pod["metadata"]["name"]
                logs = cluster.kubectl(
                    "logs", pod_name, "--all-containers", "--tail=2000", "--ignore-errors", *place
                )
                (folder / f"{name}-{pod_name}.log").write_text(logs)
