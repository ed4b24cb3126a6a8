"""The SBOMs name what is installed and what is packed, each with version, licence and package URL."""

import fcntl
import io
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hotel.names import EngineKind
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.charts import REPOSITORY

from release.distributions import projects
from supply_chain import bom
from supply_chain.engine import file_name
from supply_chain.licences import Rules, refused

SECONDS = 900
ENVIRONMENTS = ["worker", "service", "operator", "cli", "docs", "dev"]
JARS = {EngineKind.OPERATON: "target", EngineKind.CAMUNDA7: "target-camunda7"}
Sbom = Callable[[str], bom.Document]
pytestmark = pytest.mark.timeout(SECONDS)


@pytest.fixture(scope="session")
def sbom() -> Sbom:
    """Make one SBOM, and return it."""
    (REPOSITORY / ".cache").mkdir(exist_ok=True)

    def make(name: str) -> bom.Document:
        file = f"build/sbom/{name}.cdx.json"
        line = ["make", file, f"PYTHON={sys.executable}"]
        # One at a time: tests in other processes ask for the same files.
        with (REPOSITORY / ".cache/sbom.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(
                line, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return bom.read(REPOSITORY / file)

    return make


def pins(file: Path) -> dict[str, str]:
    """The versions that a requirements file installs on this machine, by package."""
    lines = [line.split("\\")[0] for line in file.read_text().splitlines() if "==" in line]
    requirements = [Requirement(line) for line in lines]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
    }


def is_ours(component: Mapping[str, Any]) -> bool:
    """Whether it is a distribution of this repository, which no index has under a package URL."""
    ours = {tomllib.loads(file.read_text())["project"]["name"] for file in projects(REPOSITORY)}
    return component["name"] in ours and bool(component.get("version") and component.get("licenses"))


def assert_is_complete(document: bom.Document) -> None:
    """Every component has a name, a version, a licence and a package URL, and an allowed licence."""
    rules = Rules.load()
    # Where a package states no licence, an exception says which one it has and where that was read.
    stated_by_us = tuple(entry["component"] for entry in rules.exceptions)
    lacking = [
        component
        for component in document["components"]
        if not all(component.get(field) for field in ("name", "version", "licenses", "purl"))
        if component.get("licenses") or not component.get("purl", "").startswith(stated_by_us)
        if not is_ours(component)
    ]
    assert lacking == []
    assert refused(bom.packages(document), rules) == []


def jars_in(content: bytes) -> set[str]:
    """The names of the jars in a jar, and of those in these."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jar")]
        inner = [jars_in(archive.read(name)) for name in names]
    return {Path(name).name for name in names}.union(*inner)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environments_sbom_names_every_pinned_package(sbom: Sbom, environment: str) -> None:
    document = sbom(f"python-{environment}")

    named = {canonicalize_name(purl.name): purl.version for purl, _ in bom.packages(document)}
    pinned = pins(REPOSITORY / f"requirements/{environment}.txt")
    assert len(pinned) > 10
    assert pinned.items() <= named.items()
    # The environment for development was made by Python's venv, which adds its own tools.
    assert named.keys() - pinned.keys() <= ({"pip", "setuptools"} if environment == "dev" else set())
    assert_is_complete(document)


@pytest.mark.engine
def test_the_engines_sbom_names_every_jar_in_it(sbom: Sbom, request: pytest.FixtureRequest) -> None:
    kind = EngineKind(request.config.getoption("--engine"))

    document = sbom(f"engine-{kind.value}")

    jar = REPOSITORY / "images/engine" / JARS[kind] / "hotel-engine.jar"
    packed = jars_in(jar.read_bytes())
    named = {file_name(component) for component in document["components"]}
    assert len(packed) > 50
    assert packed <= named
    assert "junit" not in " ".join(named)
    # Not jars of their own: the loader's classes, and libraries that were merged into other jars.
    names = {component["name"] for component in document["components"] if file_name(component) not in packed}
    assert {"spring-boot-loader", "cron-utils", "ognl"} <= names
    assert_is_complete(document)


def test_no_exception_from_the_licences_is_left_over(sbom: Sbom) -> None:
    """An exception whose package is gone, or has another licence now, is removed."""
    rules = Rules.load()
    names = [*(f"python-{environment}" for environment in ENVIRONMENTS), "engine-operaton", "engine-camunda7"]
    packages = [package for name in names for package in bom.packages(sbom(name))]

    needless = [
        entry["component"]
        for entry in rules.exceptions
        if not refused(
            packages,
            Rules(
                rules.allowed, rules.names, tuple(other for other in rules.exceptions if other is not entry)
            ),
        )
    ]

    assert needless == []
