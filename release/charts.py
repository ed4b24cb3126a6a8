"""The charts of a release, packaged with the addresses of the place that publishes them.

python -m release.charts FOLDER --source https://… --registry registry.example.com/team
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from release.errors import ReleaseError

CHARTS = ("hotel", "hotel/charts/external-task-scaler")
ICON = "docs/icon.svg"


def described(chart: dict[str, Any], source: str, registry: str) -> dict[str, Any]:
    """Return a Chart.yaml with the addresses that only the publisher knows.

    Args:
        chart: what the repository's file says.
        source: the address of the sources, or nothing: then the chart has no home, sources and icon.
        registry: where the images are, or nothing: then the images keep their short names.
    """
    result = dict(chart)
    if source:
        result |= {"home": source, "sources": [source], "icon": f"{source}/raw/v{chart['version']}/{ICON}"}
    annotations = dict(chart.get("annotations", {}))
    images = yaml.safe_load(annotations.get("artifacthub.io/images", "[]"))
    for image in images:
        if registry and "/" not in image["image"]:
            image["image"] = f"{registry}/{image['image']}"
    if images:
        annotations["artifacthub.io/images"] = yaml.safe_dump(images, sort_keys=False)
    # An index shows a version before 1.0.0 as one that may change.
    annotations["artifacthub.io/prerelease"] = str(str(chart["version"]).startswith("0.")).lower()
    return result | {"annotations": annotations}


def package(root: Path, target: Path, source: str, registry: str) -> None:
    """Package each chart into a folder.

    Raises:
        ReleaseError: helm refuses one; its own lines stand before.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "hotel"
        shutil.copytree(root / "charts/hotel", copy)
        for chart in CHARTS:
            file = Path(name) / chart / "Chart.yaml"
            text = yaml.safe_dump(
                described(yaml.safe_load(file.read_text("utf-8")), source, registry), sort_keys=False
            )
            file.write_text(text, encoding="utf-8")
        for chart in CHARTS:
            command = ["helm", "package", str(Path(name) / chart), "--destination", str(target)]
            if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
                raise ReleaseError(f"helm did not package charts/{chart}: see the lines above")


def main() -> None:
    """Read the command line and package."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", type=Path)
    parser.add_argument("--source", default="")
    parser.add_argument("--registry", default="")
    given = parser.parse_args()
    package(Path.cwd(), given.target, given.source.rstrip("/"), given.registry.rstrip("/"))


if __name__ == "__main__":
    try:
        main()
    except ReleaseError as error:
        sys.exit(f"release: {error}")
