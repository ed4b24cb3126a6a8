"""An image's SBOM: what syft found in it, completed from the SBOMs of its parts, whose tools know more."""

import sys
from pathlib import Path
from typing import Final

from packageurl import PackageURL

from supply_chain import bom

KINDS: Final = frozenset({"application", "library", "framework", "operating-system"})
# The engines' SBOMs share three quarters of their jars; an image has one engine.
CONTAINED: Final = 0.9
# The image's engine is unpacked, and starts without it.
NOT_UNPACKED: Final = "spring-boot-loader"
Known = dict[PackageURL | tuple[str, str, str], bom.Component]


def completed(scan: bom.Document, parts: list[bom.Document]) -> bom.Document:
    """Return the scan's packages, each with a licence, NOASSERTION where nobody states one.

    Single files are left out: they are parts of the packages. Jars that the scan missed are added.
    """
    stated = [component for part in parts for component in with_root(part)]
    known: Known = {guess(component): component for component in stated}
    known |= {exact(component): component for component in stated}
    found = [corrected(part, known) for part in scan.get("components", []) if part["type"] in KINDS]
    seen = {exact(component) for component in found if "purl" in component}
    return scan | {"components": found + [part for document in parts for part in missed(document, seen)]}


def with_root(part: bom.Document) -> list[bom.Component]:
    """Return a part's components and what the part itself is."""
    root = part.get("metadata", {}).get("component", {})
    return [*(component for _, component in bom.packages(part)), *([root] if "purl" in root else [])]


def exact(component: bom.Component) -> PackageURL:
    """Return the package URL without qualifiers."""
    return bom.key(PackageURL.from_string(component["purl"]))


def guess(component: bom.Component) -> tuple[str, str, str]:
    """Return what a scan gets right even if it only guesses a jar's group: kind, name and version."""
    purl = exact(component)
    return purl.type, purl.name, purl.version or ""


def corrected(component: bom.Component, known: Known) -> bom.Component:
    """Return a scanned component with the package URL and the licences that the parts state, if they do."""
    stated: bom.Component = {}
    if "purl" in component:
        stated = known.get(exact(component)) or known.get(guess(component)) or {}
    fields = {name: stated[name] for name in ("group", "purl", "licenses") if name in stated}
    return {"licenses": [{"license": {"name": bom.NO_LICENCE}}]} | component | fields


def missed(part: bom.Document, seen: set[PackageURL]) -> list[bom.Component]:
    """Return the jars that the scan missed of an engine that is in the image, and nothing of another."""
    jars = [
        component
        for purl, component in bom.packages(part)
        if purl.type == "maven" and purl.name != NOT_UNPACKED
    ]
    missing = [component for component in jars if exact(component) not in seen]
    return missing if len(missing) < (1 - CONTAINED) * len(jars) else []


def main(scan: Path, sbom: Path, parts: list[Path]) -> None:
    """Write an image's SBOM from syft's scan of it."""
    document = completed(bom.read(scan), [bom.read(part) for part in parts])
    bom.write(sbom, document)
    print(f"{sbom}: {len(document['components'])} components")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
