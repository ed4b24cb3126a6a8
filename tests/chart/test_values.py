"""A value makes manifests that Kubernetes accepts, or the schema or the chart refuses it in words."""

import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from support.charts import HOTEL, SCALER, ChartRefusedError, Manifest, Render, of_kind
from support.custom_kinds import SPECS

Way = tuple[str, ...]
CRASH = re.compile(
    r"nil pointer|error calling|wrong type|YAML parse error|can't evaluate|invalid value", re.IGNORECASE
)
# Texts that YAML reads as something else if nobody quotes them.
TEXTS = ("12345", "1e3", "true", "null", "*", "~", "1.5", "10:30", "- a: b #'", "Hôtel é")
EVERYTHING_ON: Manifest = {
    "ingress.enabled": True,
    "ingress.engineHost": "engine.example.com",
    "ingress.servicesHost": "api.example.com",
    "httpRoute.enabled": True,
    "httpRoute.parentRefs": [{"name": "gateway"}],
    "httpRoute.engineHost": "engine.example.com",
    "httpRoute.servicesHost": "api.example.com",
    "monitoring.serviceMonitor.enabled": True,
    "monitoring.prometheusRule.enabled": True,
    "monitoring.dashboard.enabled": True,
    "operator.serviceMonitor.enabled": True,
}
CHARTS = pytest.mark.parametrize("chart", [HOTEL, SCALER], ids=["hotel", "scaler"])


def nodes(value: Any, path: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Yield every value below a mapping with the way to it."""
    for key, inner in value.items():
        if "." not in key:
            yield (*path, key), inner
            if isinstance(inner, dict):
                yield from nodes(inner, (*path, key))


@cache
def defaults(chart: Path) -> dict[Way, Any]:
    values = dict(nodes(yaml.safe_load((chart / "values.yaml").read_text())))
    if chart == HOTEL:
        values |= {("operator", *path): value for path, value in defaults(SCALER).items()}
    return values


def subschema(chart: Path, path: Way) -> Any:
    """Return the schema of a value, as a whole schema of its own."""
    if chart == HOTEL and path[0] == "operator" and len(path) > 1:
        return subschema(SCALER, path[1:])
    root = json.loads((chart / "values.schema.json").read_text())
    found = root
    for name in path:
        while "$ref" in found:
            found = root["$defs"][found["$ref"].rsplit("/", 1)[-1]]
        found = found.get("properties", {}).get(name, found.get("additionalProperties"))
    return {"$defs": root["$defs"], **found}


def accepted(chart: Path, path: Way, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(subschema(chart, path)).is_valid(value))


def texts_of(chart: Path) -> list[Way]:
    return [
        path for path, value in defaults(chart).items() if isinstance(value, str) and path[-1] != "renderedBy"
    ]


# Of each of these one render can take only one: the chart refuses two that are the same or exclude
# each other.
EXCLUSIVE = (
    re.compile(r"databases\..*\.name"),
    re.compile(r"databases\..*\.user"),
    re.compile(r".*Host|.*fullnameOverride"),
    re.compile(r"externalDatabase\.host|engine\.external\.url"),
)


def batches(ways: list[Way]) -> list[list[Way]]:
    """Put values together so that few renders try them all."""
    families = [[way for way in ways if family.fullmatch(".".join(way))] for family in EXCLUSIVE]
    others = [way for way in ways if not any(way in family for family in families)]
    together = [[way for way in group if way] for group in itertools.zip_longest(*families[:3])]
    return [batch for batch in (others, *together, *([way] for way in families[3])) if batch]


@CHARTS
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_stays_a_text_wherever_the_schema_accepts_it(render: Render, chart: Path, text: str) -> None:
    fitting = [path for path in texts_of(chart) if accepted(chart, path, text)]
    for batch in batches(fitting):
        values = dict(EVERYTHING_ON if chart == HOTEL else {"serviceMonitor.enabled": True})
        values |= {".".join(path): text for path in batch}
        refused = refusal_of(render, values, chart)
        assert not refused or is_in_words(refused), (batch, refused)


@CHARTS
@pytest.mark.parametrize("text", TEXTS)
def test_labels_annotations_and_variables_keep_their_texts(render: Render, chart: Path, text: str) -> None:
    top: Manifest = {
        "commonAnnotations": {"example.com/text": text},
        "pod.annotations": {"example.com/pod": text},
    }
    variable = [{"name": "TEXT", "value": text}]
    own = "engine.extraEnv" if chart == HOTEL else "extraEnv"
    manifests = render({**top, own: variable}, chart=chart)
    valid(manifests)
    for manifest in manifests:
        assert manifest["metadata"]["annotations"]["example.com/text"] == text, manifest["metadata"]["name"]
    found = [
        container["env"]
        for deployment in of_kind(manifests, "Deployment")
        for container in deployment["spec"]["template"]["spec"]["containers"]
        if variable[0] in container["env"]
    ]
    assert len(found) == 1


@CHARTS
@pytest.mark.parametrize("name", ["12345", "1e3", "0x1f", "true", "null", "off"])
def test_namespaces_may_look_like_something_else(render: Render, chart: Path, name: str) -> None:
    elsewhere = {"operator.enabled": False, "worker.externalOperator": {"enabled": True, "namespace": name}}
    for values in [{}, elsewhere] if chart == HOTEL else [{}]:
        manifests = render(values, chart=chart, namespace=name)
        valid(manifests)
        assert {m["metadata"]["namespace"] for m in manifests} == {name}


@pytest.mark.parametrize("kind", ["ingress", "httpRoute"])
def test_a_wildcard_is_a_host(render: Render, kind: str) -> None:
    manifests = render({**EVERYTHING_ON, f"{kind}.engineHost": "*.example.com"})
    valid(manifests)
    assert "*.example.com" in json.dumps(manifests)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work_mem", 4194304),
        ("log_rotation_size", 10485760),
        ("random_page_cost", 1.1),
        ("fsync", True),
        ("x", "1e3"),
    ],
)
def test_parameters_of_the_server_are_written_as_they_are(render: Render, name: str, value: Any) -> None:
    (server,) = of_kind(render({f"postgresql.parameters.{name}": value}), "StatefulSet")
    text = json.dumps(value) if not isinstance(value, str) else value
    assert f"--{name}={text}" in server["spec"]["template"]["spec"]["containers"][0]["args"]


def sections(chart: Path) -> list[Way]:
    """Return what a user may leave empty; the operator's are tried by its own chart."""
    own = {way: value for way, value in defaults(chart).items() if chart == SCALER or way[0] != "operator"}
    return sorted(
        {way for way, value in own.items() if isinstance(value, dict)}
        | ({("operator",)} if chart == HOTEL else set())
    )


@CHARTS
def test_an_empty_section_means_the_defaults_or_is_refused_with_words(render: Render, chart: Path) -> None:
    branches: dict[str, list[Way]] = {}
    for section in sections(chart):
        branches.setdefault(section[0], []).append(section)
    for group in itertools.zip_longest(*branches.values()):
        check_empty(render, chart, [section for section in group if section])


@CHARTS
def test_empty_values_mean_the_defaults_or_are_refused_with_words(render: Render, chart: Path) -> None:
    branches: dict[str, list[Way]] = {}
    for way, value in defaults(chart).items():
        if not isinstance(value, dict) and (chart == SCALER or way[0] != "operator"):
            branches.setdefault(".".join(way[:-1]), []).append(way)
    for group in itertools.zip_longest(*branches.values()):
        check_empty(render, chart, [way for way in group if way])


@CHARTS
def test_a_section_of_another_kind_is_refused_by_the_schema(chart: Path) -> None:
    for section in sections(chart):
        wrongs: list[Any] = [[], "", 0, True]
        for wrong in wrongs:
            assert not accepted(chart, section, wrong), section


def check_empty(render: Render, chart: Path, ways: list[Way]) -> None:
    """Leave values empty: together, and if the chart refuses that, each half of them."""
    on = EVERYTHING_ON if chart == HOTEL else {"serviceMonitor.enabled": True}
    values = {".".join(way): None for way in ways}
    on = {
        key: value
        for key, value in on.items()
        if not any(f"{key}.".startswith(f"{name}.") for name in values)
    }
    refused = refusal_of(render, {**on, **values}, chart)
    assert not refused or is_in_words(refused), (values, refused)
    if refused and len(ways) > 1:
        check_empty(render, chart, ways[: len(ways) // 2])
        check_empty(render, chart, ways[len(ways) // 2 :])


def refusal_of(render: Render, values: Manifest, chart: Path) -> str:
    """Return what helm says against the values; an empty text if what it renders is valid."""
    try:
        valid(render(values, chart=chart))
    except ChartRefusedError as refusal:
        return str(refusal)
    return ""


def test_a_service_left_empty_has_the_defaults(render: Render) -> None:
    empty = {f"services.{name}": None for name in ("booking", "room", "restaurant", "client", "defaults")}
    assert without_passwords(render(empty)) == without_passwords(render())


def test_values_of_an_older_release_lack_the_new_ones(render: Render, tmp_path: Path) -> None:
    """`helm upgrade --reuse-values` brings the older chart's values in the place of this one's."""
    older = tmp_path / "hotel"
    copied(HOTEL, older)
    values = yaml.safe_load((HOTEL / "values.yaml").read_text())
    for new in ("component", "waitForDatabase", "test", "pod"):
        values.pop(new)
    values["engine"] |= {"serviceAnnotations": {"a": "b"}, "serviceAccountAnnotations": {"c": "d"}}
    values["networkPolicy"].pop("dnsPorts")
    for new in ("renderedBy", "push"):
        values["operator"].pop(new)
    (older / "values.yaml").write_text(yaml.safe_dump(values))
    manifests = render(chart=older)
    valid(manifests)
    names = [(m["kind"], m["metadata"]["name"]) for m in manifests]
    assert len(set(names)) == len(names)
    (service,) = [m for m in of_kind(manifests, "Service") if m["metadata"]["name"] == "hotel-engine"]
    assert service["metadata"]["annotations"] == {"a": "b"}


def copied(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file():
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())


def valid(manifests: list[Manifest]) -> None:
    for manifest in manifests:
        valid_text(json.dumps(manifest, sort_keys=True))


@cache
def valid_text(text: str) -> None:
    """Check a manifest; most are the same in many renders, and a check takes longer than a render."""
    manifest = json.loads(text)
    if spec := SPECS.get((manifest["apiVersion"], manifest["kind"])):
        jsonschema.validate(manifest["spec"], spec)
    elif manifest["kind"] == "Secret":
        assert all(isinstance(value, str) for value in manifest["stringData"].values())
    elif manifest["kind"] != "ExternalTaskScaler":
        kubernetes_validate.validate(manifest, "1.34", strict=True)
    texts = manifest["metadata"].get("labels", {}) | manifest["metadata"].get("annotations", {})
    assert all(isinstance(value, str) for value in texts.values()), manifest["metadata"]["name"]


def is_in_words(text: str) -> bool:
    """Return whether a refusal is the schema's or the chart's, and no crash of a template."""
    ours = "cannot be installed with these values" in text or "don't meet the specifications" in text
    return ours and not CRASH.search(text)


def without_passwords(manifests: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] != "Secret"]


def test_the_templates_print_no_value_without_quotes() -> None:
    """A value is printed as JSON, as YAML or in quotes; anything else is a name of the chart's own."""
    harmless = re.compile(
        r"quote|ternary|toJson|toYaml|nindent|\$(name|role|service|component)\b|\.(port|healthPort|name|prefix)\b|upper"
    )
    for file in itertools.chain(
        HOTEL.glob("templates/**/*.yaml"), HOTEL.glob("templates/**/*.tpl"), SCALER.glob("templates/*")
    ):
        for line in file.read_text().splitlines():
            if match := re.search(r"^\s*(?:- )?[\w.-]+: *\{\{-? (.+?) -?\}\}\s*$", line):
                assert harmless.search(match[1]), f"{file.name}: {line}"
