"""The engine's SBOM: what Maven resolved, reduced to the jars in hotel-engine.jar, and what these carry."""

import io
import sys
import zipfile
from pathlib import Path
from typing import Final

from packageurl import PackageURL

from supply_chain import bom, bundled
from supply_chain.errors import SupplyChainError, UnknownComponentError

LIBRARIES: Final = "BOOT-INF/lib/"
LOADER: Final = "org/springframework/boot/loader/"
# Spring Boot's build puts these in, and Maven's list of dependencies lacks them.
ADDED_BY_SPRING_BOOT: Final = ("spring-boot-loader", "spring-boot-jarmode-tools")
APACHE: Final = [{"license": {"id": "Apache-2.0"}}]


def main(jar: Path, resolved: Path, sbom: Path) -> None:
    """Write the SBOM of a jar from the list that cyclonedx-maven-plugin made of the same project."""
    with zipfile.ZipFile(jar) as archive:
        libraries = {name.removeprefix(LIBRARIES) for name in archive.namelist() if name.endswith(".jar")}
        version = spring_boot_version(archive)
        carried = inside(archive)
    document = reduced(bom.read(resolved), libraries, version)
    listed = {bom.key(purl) for purl, _ in bom.packages(document)}
    document["components"] += [part for key, part in carried.items() if key not in listed]
    bom.write(sbom, document)


def inside(archive: zipfile.ZipFile) -> dict[PackageURL, bom.Component]:
    """Return what the libraries carry, the libraries themselves included where they say who they are."""
    found = {}
    for name in archive.namelist():
        if name.endswith(".jar"):
            with zipfile.ZipFile(io.BytesIO(archive.read(name))) as library:
                parts = list(bundled.components(library))
            found.update({bom.key(PackageURL.from_string(part["purl"])): part for part in parts})
    return found


def spring_boot_version(archive: zipfile.ZipFile) -> str:
    """Return the version of the Spring Boot that packed the jar."""
    for line in archive.read("META-INF/MANIFEST.MF").decode().splitlines():
        name, _, value = line.partition(": ")
        if name == "Spring-Boot-Version":
            return value
    raise SupplyChainError(
        "hotel-engine.jar names no Spring-Boot-Version: build it with make engine, and try again"
    )


def reduced(document: bom.Document, libraries: set[str], spring_boot: str) -> bom.Document:
    """Return the document with exactly the jars that are there, and what Spring Boot adds.

    Raises:
        UnknownComponentError: a jar is there that no component stands for.
    """
    added = [spring_boot_part(name, spring_boot) for name in ADDED_BY_SPRING_BOOT]
    found = [component for _, component in bom.packages(document) if file_name(component) in libraries]
    found += [part for part in added if part["name"] == "spring-boot-loader" or file_name(part) in libraries]
    if unknown := libraries - {file_name(component) for component in found}:
        raise UnknownComponentError(
            f"hotel-engine.jar has jars that Maven does not list: {', '.join(sorted(unknown))}; "
            "name them in supply_chain/engine.py"
        )
    kept = {component["bom-ref"] for component in found} | {document["metadata"]["component"]["bom-ref"]}
    document["metadata"]["component"]["licenses"] = APACHE
    return document | {
        "components": found,
        "dependencies": [
            entry | {"dependsOn": [ref for ref in entry.get("dependsOn", []) if ref in kept]}
            for entry in document.get("dependencies", [])
            if entry["ref"] in kept
        ],
    }


def file_name(component: bom.Component) -> str:
    """Return the name of a Maven component's jar."""
    purl = PackageURL.from_string(component["purl"])
    qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
    return "-".join(filter(None, (purl.name, purl.version, qualifiers.get("classifier")))) + ".jar"


def spring_boot_part(name: str, version: str) -> bom.Component:
    """Return the component of a part that Spring Boot's build adds."""
    purl = PackageURL("maven", "org.springframework.boot", name, version, {"type": "jar"}).to_string()
    return {
        "type": "library",
        "bom-ref": purl,
        "group": "org.springframework.boot",
        "name": name,
        "version": version,
        "licenses": APACHE,
        "purl": purl,
    }


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:4]))
    except (SupplyChainError, OSError, zipfile.BadZipFile) as error:
        sys.exit(f"engine SBOM: {error}")
