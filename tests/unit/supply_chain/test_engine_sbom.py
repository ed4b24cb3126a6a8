"""The engine's SBOM holds exactly what is in the jar."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from supply_chain import bom, bundled, engine
from supply_chain.errors import SupplyChainError, UnknownComponentError

ROOT = "pkg:maven/hotel/hotel-engine@0.1.0?type=jar"
CORE = "pkg:maven/com.example/core@1.0?type=jar"
SHADED = "pkg:maven/com.example/feel@2.0?classifier=shaded&type=jar"
TESTS = "pkg:maven/org.junit.jupiter/junit-jupiter@5.12.2?type=jar"


def resolved() -> dict[str, Any]:
    """What Maven's plugin writes."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "library", "bom-ref": ROOT, "name": "hotel-engine"}},
        "components": [
            {"type": "library", "bom-ref": purl, "name": purl, "version": "1", "purl": purl}
            for purl in (CORE, SHADED, TESTS)
        ],
        "dependencies": [{"ref": ROOT, "dependsOn": [CORE, TESTS]}, {"ref": TESTS}, {"ref": CORE}],
    }


def library(folder: Path, inner: bytes | None = None) -> bytes:
    """A jar into which gson was merged, with a licence, and another library without one."""
    with zipfile.ZipFile(folder / "library.jar", "w") as archive:
        if inner is not None:
            archive.writestr("WEB-INF/lib/inner.jar", inner)
        for name, pom in (("gson", "<license>\n<name>Apache-2.0</name></license>"), ("plain", "<project/>")):
            place = f"META-INF/maven/com.example/{name}"
            archive.writestr(
                f"{place}/pom.properties", f"groupId=com.example\nartifactId={name}\nversion=3\n"
            )
            archive.writestr(f"{place}/pom.xml", pom)
    return (folder / "library.jar").read_bytes()


def jar(folder: Path, libraries: list[str]) -> Path:
    file = folder / "hotel-engine.jar"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nSpring-Boot-Version: 3.5.16\r\n")
        for name in libraries:
            archive.writestr(f"BOOT-INF/lib/{name}", library(folder))
    return file


def written(folder: Path, libraries: list[str]) -> dict[str, Any]:
    bom.write(folder / "resolved.json", resolved())
    engine.main(jar(folder, libraries), folder / "resolved.json", folder / "sbom.json")
    return bom.read(folder / "sbom.json")


def test_what_is_not_in_the_jar_is_not_in_the_sbom(tmp_path: Path) -> None:
    document = written(
        tmp_path, ["core-1.0.jar", "feel-2.0-shaded.jar", "spring-boot-jarmode-tools-3.5.16.jar"]
    )

    assert [purl.name for purl, _ in bom.packages(document)] == [
        "core",
        "feel",
        "spring-boot-loader",
        "spring-boot-jarmode-tools",
        "gson",
        "plain",
    ]
    assert document["dependencies"] == [{"ref": ROOT, "dependsOn": [CORE]}, {"ref": CORE, "dependsOn": []}]


def test_what_was_merged_into_a_jar_is_in_the_sbom_once_with_its_licence(tmp_path: Path) -> None:
    document = written(tmp_path, ["core-1.0.jar", "feel-2.0-shaded.jar"])

    merged = {part["purl"]: bom.licences(part) for part in document["components"] if part["version"] == "3"}
    assert merged == {
        "pkg:maven/com.example/gson@3?type=jar": ["Apache-2.0"],
        "pkg:maven/com.example/plain@3?type=jar": ["NOASSERTION"],
    }
    assert len(document["components"]) == 5


def test_a_jar_in_a_jar_is_named(tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    content = library(tmp_path / "outer", library(tmp_path))

    with zipfile.ZipFile(io.BytesIO(content)) as outer:
        assert [part["name"] for part in bundled.components(outer)] == ["gson", "plain", "gson", "plain"]


def test_a_jar_in_a_jar_without_coordinates_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.jar", "w") as archive:
        archive.writestr("Some.class", "")
    content = library(tmp_path, (tmp_path / "empty.jar").read_bytes())

    with (
        zipfile.ZipFile(io.BytesIO(content)) as outer,
        pytest.raises(UnknownComponentError, match=r"inner\.jar.*no pom\.properties"),
    ):
        list(bundled.components(outer))


def test_the_sbom_is_valid(tmp_path: Path) -> None:
    document = written(tmp_path, ["core-1.0.jar", "spring-boot-jarmode-tools-3.5.16.jar"])

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None


def test_a_jar_that_nobody_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownComponentError, match=r"strange-9\.jar"):
        written(tmp_path, ["core-1.0.jar", "strange-9.jar"])


def test_another_jar_than_the_engines_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.jar", "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    bom.write(tmp_path / "resolved.json", resolved())

    with pytest.raises(SupplyChainError, match="Spring-Boot-Version"):
        engine.main(tmp_path / "other.jar", tmp_path / "resolved.json", tmp_path / "sbom.json")
