"""hotel as a part of another chart: beside other charts, under other names, switched on and off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.charts import HOTEL, SCALER, Manifest, Render, named, pods_of

NEIGHBOUR = """
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels:
    app.kubernetes.io/name: shop
    app.kubernetes.io/instance: site
    app.kubernetes.io/component: engine
spec: { containers: [{ name: shop, image: shop }] }
"""
Umbrella = Callable[..., Path]


@pytest.fixture
def umbrella(tmp_path: Path) -> Umbrella:
    """Make a chart that has hotel as a part, under an alias if one is given, and a pod of its own."""

    def make(values: Manifest, chart: Path = HOTEL, alias: str | None = None) -> Path:
        (tmp_path / "charts").mkdir()
        (tmp_path / "charts" / chart.name).symlink_to(chart.resolve())
        (tmp_path / "ci").mkdir()
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates/shop.yaml").write_text(NEIGHBOUR)
        name = alias or chart.name
        dependency = {"name": chart.name, "version": "*", "condition": f"{name}.enabled"}
        if alias:
            dependency["alias"] = alias
        metadata = {"apiVersion": "v2", "name": "site", "version": "1.0.0", "dependencies": [dependency]}
        (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(metadata))
        (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
        return tmp_path

    return make


def test_the_chart_is_switched_on_and_off(render: Render, umbrella: Umbrella) -> None:
    chart = umbrella({"hotel": {"enabled": True}})
    assert "Deployment/site-hotel-engine" in pods_of(render(chart=chart, release="site"))
    off = render({"hotel.enabled": False}, chart=chart, release="site")
    assert list(pods_of(off)) == ["Pod/shop"]


def test_what_charts_share_may_be_shared(render: Render, umbrella: Umbrella) -> None:
    shared = {
        "imagePullSecrets": [{"name": "registry"}, "other"],
        "imageRegistry": "registry.example.com",
        "storageClass": "fast",
        "security": {"allowInsecureImages": True},
    }
    pods = pods_of(render(chart=umbrella({"global": shared, "hotel": {}}), release="site"))
    for name, pod in pods.items():
        if name != "Pod/shop":
            assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}, {"name": "other"}], name
            assert all(c["image"].startswith("registry.example.com/") for c in pod["spec"]["containers"])


@pytest.mark.parametrize("chart", [HOTEL, SCALER], ids=["hotel", "scaler"])
def test_no_selector_matches_a_pod_of_another_chart(render: Render, umbrella: Umbrella, chart: Path) -> None:
    on = {"serviceMonitor": {"enabled": True}}
    values = {"monitoring": on, "engine": {"replicas": 2}, "operator": on} if chart == HOTEL else on
    manifests = render(chart=umbrella({chart.name: values}, chart), release="site")
    neighbour = pods_of(manifests).pop("Pod/shop")["metadata"]["labels"]
    selectors = [found for manifest in manifests for found in selectors_of(manifest)]
    # An operator reaches the engines of hotel's other releases in its namespace too.
    any_engine = {"app.kubernetes.io/name": "hotel", "app.kubernetes.io/component": "engine"}
    assert len(selectors) > 3
    for selector in selectors:
        assert not selector.items() <= neighbour.items(), selector
        assert "app.kubernetes.io/name" in selector, selector
        assert "app.kubernetes.io/instance" in selector or selector == any_engine, selector


def selectors_of(manifest: Manifest) -> list[dict[str, str]]:
    """Return the labels of each selector of pods in a manifest, but for those of namespaces."""
    found: list[dict[str, str]] = []

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            if key == "selector" and manifest["kind"] == "Service":
                found.append(value)
            elif "matchLabels" in value and key != "namespaceSelector":
                found.append(value["matchLabels"])
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)

    walk(manifest.get("spec", {}))
    return found


def test_settings_reach_hotels_operator_inside_another_chart(render: Render, umbrella: Umbrella) -> None:
    values = {"pod": {"tolerations": [{"operator": "Exists"}]}, "commonLabels": {"team": "desk"}}
    operator = named(render(chart=umbrella({"hotel": values}), release="site"), "Deployment", "site-operator")
    assert operator["metadata"]["labels"]["team"] == "desk"
    assert operator["spec"]["template"]["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_null_unsets_inside_another_chart(render: Render, umbrella: Umbrella) -> None:
    values = {
        "services": {"room": None},
        "engine": {"probes": {"liveness": None}, "resources": {"limits": None}},
    }
    manifests = render(chart=umbrella({"hotel": values}), release="site")
    engine = pods_of(manifests)["Deployment/site-hotel-engine"]["spec"]["containers"][0]
    assert "livenessProbe" not in engine
    assert "limits" not in engine["resources"]
    assert "Deployment/site-hotel-room" in pods_of(manifests)


def test_an_alias_names_the_objects(render: Render, umbrella: Umbrella) -> None:
    manifests = render(chart=umbrella({"inn": {"enabled": True}}, alias="inn"), release="site")
    engine = named(manifests, "Deployment", "site-inn-engine")
    assert engine["metadata"]["labels"]["helm.sh/chart"].startswith("hotel-"), (
        "what `hotel --namespace` finds it by"
    )
    assert named(manifests, "Service", "site-inn-engine")["spec"]["selector"].items() <= (
        engine["spec"]["template"]["metadata"]["labels"].items()
    )


def test_an_operator_left_empty_is_rendered_once(render: Render) -> None:
    names = [(m["kind"], m["metadata"]["name"]) for m in render({"operator": None})]
    assert len(set(names)) == len(names)
    assert ("Deployment", "hotel-operator") in names
