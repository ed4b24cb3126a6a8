"""What helm renders is accepted by Kubernetes and is what it was."""

from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from support.charts import REPOSITORY, SCALER, Manifest, Render, ci_values, of_kind
from support.custom_kinds import SPECS

KUBERNETES = ("1.30", kubernetes_validate.latest_version())
CLUSTER_WIDE = ("Cluster", "ValidatingAdmissionPolicy")
OTHER_CLIENTS = sorted((REPOSITORY / "examples/other_clients").glob("*/worker.yaml"))
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_the_linter_is_content(helm: Any, chart: Path, values: str) -> None:
    helm("lint", "--strict", chart, "--values", chart / "ci" / values)


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
@pytest.mark.parametrize("version", KUBERNETES)
def test_manifests_meet_the_schemas_of_kubernetes(
    render: Render, chart: Path, values: str, version: str
) -> None:
    for manifest in render(values, chart=chart, options=["--kube-version", version]):
        if spec := SPECS.get((manifest["apiVersion"], manifest["kind"])):
            jsonschema.validate(manifest["spec"], spec)
        elif manifest["kind"] != "ExternalTaskScaler":
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("values", ["default-values.yaml", "full-values.yaml", "external-values.yaml"])
def test_scalers_meet_the_schema_of_their_crd(render: Render, values: str) -> None:
    scalers = of_kind(render(values), "ExternalTaskScaler")

    assert scalers
    for scaler in scalers:
        jsonschema.validate(scaler["spec"], schema_of_scalers())


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("file", OTHER_CLIENTS, ids=lambda file: file.parent.name)
def test_workers_with_other_clients_and_their_scalers_meet_the_schemas(file: Path, version: str) -> None:
    deployment, scaler = yaml.safe_load_all(file.read_text())

    kubernetes_validate.validate(deployment, version, strict=True)
    jsonschema.validate(scaler["spec"], schema_of_scalers())
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]


def schema_of_scalers() -> Any:
    crd = yaml.safe_load((REPOSITORY / "operator/crd/externaltaskscalers.yaml").read_text())
    return closed(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"])


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_every_object_names_its_namespace_and_its_release(render: Render, chart: Path, values: str) -> None:
    for manifest in render(values, chart=chart):
        if not manifest["metadata"]["name"].endswith("-more"):  # an extra object is the user's own
            assert manifest["metadata"]["labels"]["app.kubernetes.io/instance"] == "hotel"
            assert (
                manifest["kind"].startswith(CLUSTER_WIDE) or manifest["metadata"]["namespace"] == "front-desk"
            )


@pytest.mark.parametrize("values", ["default-values.yaml", "full-values.yaml"])
def test_manifests_are_the_golden_ones(render: Render, values: str, request: pytest.FixtureRequest) -> None:
    """The golden files show in a review what a change of a template does; --update-golden writes them."""
    file = GOLDEN / values
    manifests = sorted(map(without_chance, render(values)), key=order)
    text = yaml.dump_all(manifests, Dumper=Readable, sort_keys=True, width=110)
    if request.config.getoption("--update-golden"):
        file.write_text(text)

    assert file.read_text() == text


class Readable(yaml.SafeDumper):
    """Writes a text of several lines as lines."""


def lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Readable.add_representer(str, lines)


def closed(schema: Any) -> Any:
    """Return the schema with unknown fields refused, which the API server would drop without a word."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items() if key != "default"}
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return schema


def without_chance(manifest: Manifest) -> Manifest:
    """Return the manifest with the same text in place of each generated password."""
    if manifest["kind"] == "Secret":
        manifest["stringData"] = {
            key: "generated" if key != "username" else name for key, name in manifest["stringData"].items()
        }
    return manifest


def order(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


@pytest.mark.parametrize("version", KUBERNETES)
def test_the_crd_meets_the_schema_of_kubernetes(version: str) -> None:
    for file in (SCALER / "crds").glob("*.yaml"):
        kubernetes_validate.validate(yaml.safe_load(file.read_text()), version, strict=True)
