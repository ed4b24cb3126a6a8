"""The charts' metadata as a release states it."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from support.charts import HOTEL, REPOSITORY, SCALER

from release.charts import ICON, described

SOURCE = "https://git.example.com/team/hotel"


@pytest.mark.parametrize("chart", [HOTEL, SCALER], ids=lambda chart: chart.name)
def test_a_released_chart_says_where_it_comes_from(chart: Path) -> None:
    stated = yaml.safe_load((chart / "Chart.yaml").read_text())

    released = described(stated, SOURCE, "registry.example.com/team")

    images = [image["image"] for image in yaml.safe_load(released["annotations"]["artifacthub.io/images"])]
    assert (released["home"], released["sources"]) == (SOURCE, [SOURCE])
    assert released["icon"] == f"{SOURCE}/raw/v{stated['version']}/{ICON}"
    assert f"registry.example.com/team/external-task-scaler:{stated['version']}" in images
    assert [image for image in images if "/" not in image] == []
    assert {"name", "version", "dependencies"} & set(stated) <= {
        key for key in stated if released[key] == stated[key]
    }


def test_without_addresses_a_chart_has_none() -> None:
    stated = yaml.safe_load((HOTEL / "Chart.yaml").read_text())

    assert {"home", "sources", "icon"} & set(described(stated, "", "")) == set()


@pytest.mark.parametrize(
    ("version", "prerelease"), [("0.9.0", "true"), ("1.0.0", "false"), ("10.0.0", "false")]
)
def test_versions_before_1_are_shown_as_such(version: str, prerelease: str) -> None:
    released = described({"version": version, "annotations": {}}, "", "")

    assert released["annotations"]["artifacthub.io/prerelease"] == prerelease


def test_the_icon_is_there() -> None:
    assert ET.parse(REPOSITORY / ICON).getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_the_repository_s_metadata_names_an_owner() -> None:
    metadata = yaml.safe_load((REPOSITORY / "charts/artifacthub-repo.yml").read_text())

    assert set(metadata) == {"repositoryID", "owners"}
    assert metadata["owners"][0]["email"]
