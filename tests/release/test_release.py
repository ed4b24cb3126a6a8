"""`make release` as a publisher runs it: in a clone, with a registry and a package index on this machine."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
import yaml
from hotel.ports import free_port
from support.charts import REPOSITORY
from support.http_stub import Answer, HttpStub, http_stub
from support.waiting import eventually

from release import distributions

VERSION = "7.8.9"
# The virtual environment is older than the files that `make version` wrote.
MAKE = ("make", "--old-file=.venv/.installed")
SOURCE = "https://git.example.com/team/hotel"


@dataclass(frozen=True)
class Publisher:
    """Somebody with a clone of the repository."""

    clone: Path
    environment: dict[str, str]

    def runs(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.clone, env=self.environment, capture_output=True, text=True, check=False
        )

    def succeeds(self, *command: str) -> str:
        done = self.runs(*command)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def commits(self) -> None:
        self.succeeds("git", "add", "--all")
        self.succeeds("git", "commit", "--quiet", "--message", "Release")

    @property
    def files(self) -> Path:
        return self.clone / "build/release" / VERSION


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """A clone of what is committed, whose version is already the new one."""
    home = tmp_path_factory.mktemp("publisher")
    clone = home / "hotel"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "UV_"))}
    environment |= {
        "COSIGN_PASSWORD": "secret",
        "UV_PUBLISH_TOKEN": "token",
        "HELM_CONFIG_HOME": str(home / "helm"),
        "HELM_CACHE_HOME": str(home / "helm-cache"),
        "PATH": f"{REPOSITORY / '.cache/bin'}:{os.environ['PATH']}",
        "GIT_AUTHOR_NAME": "Jean",
        "GIT_AUTHOR_EMAIL": "jean@example.com",
        "GIT_COMMITTER_NAME": "Jean",
        "GIT_COMMITTER_EMAIL": "jean@example.com",
    }
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True, env=environment)
    # What is pinned and built is taken from here: the test is about the release alone.
    (clone / ".venv").symlink_to(REPOSITORY / ".venv")
    (clone / ".git/info/exclude").write_text(".venv\n")
    for name in ("target", "target-camunda7"):
        folder = clone / "images/engine" / name
        folder.mkdir()
        shutil.copy(REPOSITORY / "images/engine" / name / "hotel-engine.jar", folder)
    return Publisher(clone, environment)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """An OCI registry with nothing in it."""
    port = free_port()
    program = REPOSITORY / ".cache/bin/registry"
    with subprocess.Popen([program, "-port", str(port)], stderr=subprocess.DEVNULL) as running:
        try:
            eventually(lambda: _listens(port))
            yield f"localhost:{port}/team"
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def index() -> Iterator[HttpStub]:
    """A package index that takes what is uploaded."""
    with http_stub() as stub:
        stub.answer(*(Answer(200, b"") for _ in range(100)))
        yield stub


@pytest.fixture(scope="module")
def key(publisher: Publisher) -> Path:
    """A pair of keys that sign and verify."""
    publisher.succeeds(
        "cosign", "generate-key-pair", f"--output-key-prefix={publisher.clone.parent / 'cosign'}"
    )
    return publisher.clone.parent / "cosign.key"


@pytest.fixture(scope="module")
def released(publisher: Publisher, registry: str, index: HttpStub, key: Path) -> Publisher:
    """A release of everything, to the registry and the index."""
    publisher.succeeds(*MAKE, "version", f"VERSION={VERSION}")
    changelog = publisher.clone / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## Unreleased\n", f"## {VERSION} - 2027-01-31\n", 1))
    publisher.commits()
    publisher.succeeds(
        *MAKE,
        "release",
        f"VERSION={VERSION}",
        f"REGISTRY={registry}",
        f"SOURCE={SOURCE}",
        f"PACKAGE_INDEX={index.url}",
        f"COSIGN_KEY={key}",
        "HELM_PUSH_OPTIONS=--plain-http",
        "COSIGN_OPTIONS=--allow-http-registry",
    )
    return publisher


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def metadata(distribution: Path) -> Message:
    """Return what a wheel or a source distribution says about itself."""
    if distribution.suffix == ".whl":
        with zipfile.ZipFile(distribution) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return Parser().parsestr(wheel.read(name).decode())
    with tarfile.open(distribution) as archive:
        content = archive.extractfile(f"{distribution.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert content is not None
        return Parser().parsestr(content.read().decode())


def test_every_project_has_a_wheel_and_a_source_distribution(released: Publisher) -> None:
    projects = {
        tomllib.loads(file.read_text())["project"]["name"] for file in distributions.projects(released.clone)
    }

    for pattern in ("*.whl", "*.tar.gz"):
        stated = [metadata(file) for file in released.files.glob(pattern)]
        assert {message["Name"] for message in stated} == projects
        assert {message["Version"] for message in stated} == {VERSION}


def test_the_index_gets_every_distribution(released: Publisher, index: HttpStub) -> None:
    uploads = [request.body for request in index.requests if request.method == "POST"]

    names = [file.name for file in released.files.iterdir() if file.name.endswith((".whl", ".tar.gz"))]
    assert names
    for name in names:
        assert any(f'filename="{name}"'.encode() in body for body in uploads), name


@pytest.mark.parametrize("chart", ["hotel", "external-task-scaler"])
def test_a_chart_installs_from_the_registry(released: Publisher, registry: str, chart: str) -> None:
    address = [f"oci://{registry}/charts/{chart}", "--version", VERSION, "--plain-http"]

    shown = yaml.safe_load(released.succeeds("helm", "show", "chart", *address))
    rendered = released.succeeds("helm", "template", "front", *address)

    assert (shown["version"], shown["appVersion"], shown["home"]) == (VERSION, VERSION, SOURCE)
    assert f"external-task-scaler:{VERSION}" in rendered


def test_the_checksums_cover_every_file(released: Publisher) -> None:
    lines = (released.files / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}

    own = {"SHA256SUMS", "SHA256SUMS.sigstore.json", "provenance.json.sigstore.json"}
    assert set(listed) == {file.name for file in released.files.iterdir()} - own
    for name, digest in listed.items():
        assert hashlib.sha256((released.files / name).read_bytes()).hexdigest() == digest, name


def test_the_provenance_names_the_commit_and_every_file(released: Publisher) -> None:
    statement = json.loads((released.files / "provenance.json").read_text())

    commit = released.succeeds("git", "rev-parse", "HEAD").strip()
    material = {"uri": f"git+{SOURCE}", "digest": {"gitCommit": commit}}
    assert statement["predicate"]["buildDefinition"]["resolvedDependencies"] == [material]
    named = {subject["name"] for subject in statement["subject"]}
    assert {f"hotel-{VERSION}.tgz", "NOTES.md", "engine-operaton.cdx.json", "python-worker.cdx.json"} <= named


def test_the_signatures_hold_and_a_changed_file_breaks_them(
    released: Publisher, key: Path, tmp_path: Path
) -> None:
    public = key.with_suffix(".pub")
    verify = ["cosign", "verify-blob", "--key", str(public), "--insecure-ignore-tlog"]
    for name in ("SHA256SUMS", "provenance.json"):
        bundle = str(released.files / f"{name}.sigstore.json")
        released.succeeds(*verify, "--bundle", bundle, str(released.files / name))

        changed = tmp_path / name
        changed.write_bytes((released.files / name).read_bytes() + b"\n")
        assert released.runs(*verify, "--bundle", bundle, str(changed)).returncode != 0


@pytest.mark.parametrize("chart", ["hotel", "external-task-scaler"])
def test_the_pushed_charts_are_signed(released: Publisher, registry: str, key: Path, chart: str) -> None:
    options = ["--key", str(key.with_suffix(".pub")), "--insecure-ignore-tlog", "--allow-http-registry"]

    released.succeeds("cosign", "verify", *options, f"{registry}/charts/{chart}:{VERSION}")


def test_a_release_of_another_version_is_refused(released: Publisher) -> None:
    done = released.runs(*MAKE, "release", "VERSION=7.8.10")

    assert done.returncode != 0
    assert f"pyproject.toml states {VERSION}" in done.stderr
    assert not (released.clone / "build/release/7.8.10").exists()


def test_a_clone_with_changes_is_refused(released: Publisher) -> None:
    page = released.clone / "README.md"
    before = page.read_text()
    page.write_text(before + "more\n")
    try:
        done = released.runs(*MAKE, "release", f"VERSION={VERSION}")
    finally:
        page.write_text(before)

    assert done.returncode != 0
    assert "not committed: README.md" in done.stderr
