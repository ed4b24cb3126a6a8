"""CycloneDX documents as JSON: reading, writing, and what every component is asked for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL

Component = dict[str, Any]
Document = dict[str, Any]

# What SPDX writes where nobody states a licence.
NO_LICENCE: Final = "NOASSERTION"


def read(file: Path) -> Document:
    """Return the document in a file."""
    document: Document = json.loads(file.read_text(encoding="utf-8"))
    return document


def write(file: Path, document: Document) -> None:
    """Write a document, for people to read too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def packages(document: Document) -> Iterator[tuple[PackageURL, Component]]:
    """Yield the components that are packages, each with its package URL."""
    for component in document.get("components", []):
        if "purl" in component:
            yield PackageURL.from_string(component["purl"]), component


def key(purl: PackageURL) -> PackageURL:
    """Return the package URL without qualifiers, which differ from tool to tool."""
    return PackageURL(purl.type, purl.namespace, purl.name, purl.version)


def licences(component: Component) -> list[str]:
    """Return the licences that a component states: SPDX ids or expressions, or names as they stand there."""
    stated = [
        entry.get("expression") or entry["license"].get("id") or entry["license"].get("name", "")
        for entry in component.get("licenses", [])
    ]
    return [licence for licence in stated if licence] or [NO_LICENCE]
