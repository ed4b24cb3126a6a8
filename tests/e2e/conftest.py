"""A kind cluster for the run (or one that is there) with the images in it, and hotel once for each lane."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from external_tasks import EngineClient
from support import api_server, kind
from support.charts import REPOSITORY
from support.cluster import FAST_COMPILER, Cluster, CommandFailedError, Release, administrator
from support.guests import guest
from support.hotel_command import HotelCommand
from support.lanes import Lanes, lane_of

NAME = "hotel-e2e"
ARTIFACTS = REPOSITORY / "e2e-artifacts"
Note = Callable[[str], None]
# The first test also waits for the cluster and the images.
TEST_SECONDS = 1800
# What the processes of one run share; the first one makes it, those that it starts inherit its name.
FOLDER = "HOTEL_E2E_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="hotel-e2e-")
        config.add_cleanup(end_of_run)


def end_of_run() -> None:
    """Delete the run's folder, and its cluster if it has made one."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "created").exists():
        kind.delete(NAME)
    shutil.rmtree(folder)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    return Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))
            if "PYTEST_XDIST_WORKER" in os.environ:
                check_lane(item)
    # Those that run alone come when the others have hardly anything left to do.
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


def check_lane(item: pytest.Item) -> None:
    """Refuse a test that would install one more release."""
    if "hotel" in getattr(item, "fixturenames", ()) and lane_of(item.nodeid) is None:
        raise pytest.UsageError(f"{item.nodeid} uses the release: name its lane in tests/support/lanes.py")


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder that all processes of the run share."""
    return Path(os.environ[FOLDER])


@contextlib.contextmanager
def locked(file: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock among the processes of the run."""
    with file.open("a") as lock:
        fcntl.flock(lock, how)
        yield


@pytest.fixture(autouse=True)
def _company(request: pytest.FixtureRequest, run_folder: Path) -> Iterator[None]:
    """Keep a test that the whole cluster feels apart from all others."""
    alone = request.node.get_closest_marker("alone") is not None
    with contextlib.ExitStack() as held:
        # One that waits to be alone keeps the door shut, so that the others come to an end.
        with locked(run_folder / "door"):
            held.enter_context(locked(run_folder / "room", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield


@pytest.fixture(scope="session")
def note(run_folder: Path) -> Note:
    """Note a figure that the run ends with."""

    def write(figure: str) -> None:
        with (run_folder / "figures").open("a") as figures:
            figures.write(f"{figure}\n")

    return write


def pytest_terminal_summary(terminalreporter: Any) -> None:
    figures = Path(os.environ[FOLDER]) / "figures"
    if figures.exists():
        terminalreporter.section("figures")
        terminalreporter.write(figures.read_text())


@pytest.fixture(scope="session")
def tools() -> None:
    """Say what is missing before anything is built."""
    kind.check_tools()


@pytest.fixture(scope="session")
def kubeconfig(tools: None, request: pytest.FixtureRequest, run_folder: Path) -> Path:
    """The kubeconfig of a cluster that has hotel's images."""
    if given := request.config.getoption("--kubeconfig"):
        return Path(given)
    file = run_folder / "kubeconfig"
    with locked(run_folder / "cluster"):
        if not file.exists():
            prepare_cluster(run_folder, file, keep=request.config.getoption("--keep-cluster"))
    return file


def prepare_cluster(folder: Path, kubeconfig: Path, *, keep: bool) -> None:
    """Make the cluster, or take the one that is there, and bring the images into it."""
    part = folder / "kubeconfig.part"
    if kind.exists(NAME):
        kind.kind("export", "kubeconfig", "--name", NAME, "--kubeconfig", str(part))
    else:
        # A cluster that was there is another run's to delete.
        if not keep:
            (folder / "created").touch()
        kind.create(NAME, "--kubeconfig", str(part))
    kind.load_images(NAME)
    part.rename(kubeconfig)


@pytest.fixture(scope="session")
def cluster(kubeconfig: Path) -> Cluster:
    api_server.wait(NAME, kubeconfig)
    return Cluster(kubeconfig)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    stem = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")
    with kind.restricted_namespace(cluster, f"{stem[:40].strip('-')}-{time.time_ns() % 10**6:06}") as name:
        yield name


@pytest.fixture
def authority() -> trustme.CA:
    """Who signs the certificates of what runs elsewhere."""
    return trustme.CA()


@pytest.fixture(scope="session")
def hotel(cluster: Cluster, note: Note, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The release with the chart's values, installed once; a test that changes it puts it back."""
    with kind.restricted_namespace(cluster, f"hotel-{time.time_ns() % 10**6:06}") as namespace:
        engine = f"--set-json=engine.extraEnv={json.dumps([FAST_COMPILER])}"
        release = Release(cluster, namespace, settings=(engine,))
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
    with administrator(hotel) as client:
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
            for pod in cluster.items("pods", name):
                pod_name = pod["metadata"]["name"]
                logs = cluster.kubectl(
                    "logs", pod_name, "--all-containers", "--tail=2000", "--ignore-errors", *place
                )
                (folder / f"{name}-{pod_name}.log").write_text(logs)
