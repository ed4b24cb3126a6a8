"""The spec as the operator reads it, and that the CRD says the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from external_task_operator.errors import InvalidSpec
from external_task_operator.spec import PAUSED_ANNOTATION, ScalerSpec, parse
from pydantic import BaseModel
from pydantic.fields import FieldInfo

MINIMAL: dict[str, Any] = {
    "scaleTargetRef": {"name": "worker"},
    "engine": {"url": "http://engine/engine-rest"},
    "topics": ["validate"],
}
CRD = yaml.safe_load(
    (Path(__file__).parents[3] / "operator" / "crd" / "externaltaskscalers.yaml").read_text(encoding="utf-8")
)
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def resource(annotations: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}, "spec": {**MINIMAL, **fields}}


@pytest.mark.parametrize(("value", "paused"), [("true", True), ("True", True), ("false", False), ("", False)])
def test_the_annotation_pauses_like_the_field(value: str, *, paused: bool) -> None:
    assert parse(resource({PAUSED_ANNOTATION: value})).paused is paused
    assert parse(resource({PAUSED_ANNOTATION: value}, paused=True)).paused


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"minReplicaCount": 5, "maxReplicaCount": 1}, "minReplicaCount must not be above"),
        ({"target": {"drainSeconds": 5}}, "belong together"),
        ({"topics": []}, "spec.topics"),
        ({"scaleTargetRef": {"kind": "DaemonSet", "name": "x"}}, "spec.scaleTargetRef.kind"),
        ({"pollingInterval": "soon"}, "spec.pollingInterval"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidSpec, match=named):
        parse(resource(**fields))


def compare(model: type[BaseModel], schema: dict[str, Any], where: str) -> None:
    assert {field.alias or name for name, field in model.model_fields.items()} == set(schema["properties"]), (
        where
    )
    for name, field in model.model_fields.items():
        alias = field.alias or name
        compare_field(
            field, schema["properties"][alias], alias in schema.get("required", ()), f"{where}.{alias}"
        )


def compare_field(field: FieldInfo, schema: dict[str, Any], required: bool, where: str) -> None:  # noqa: FBT001
    assert field.is_required() == required, where
    nested = [t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if is_model(t)]
    if nested:
        compare(nested[0], schema if "properties" in schema else schema["items"], where)
    elif not required:
        default = field.default if field.default not in {(), None} else None
        assert schema.get("default") == default, where


def is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def test_fields_and_defaults_of_the_crd_are_those_of_the_program() -> None:
    compare(ScalerSpec, SCHEMA["spec"], "spec")


def test_every_field_of_the_crd_is_described() -> None:
    def undescribed(schema: dict[str, Any], where: str) -> list[str]:
        fields = schema.get("properties", {}) | schema.get("items", {}).get("properties", {})
        missing = [
            f"{where}.{name}"
            for name, field in fields.items()
            if not field.get("description") and "properties" not in field
        ]
        return missing + [m for name, field in fields.items() for m in undescribed(field, f"{where}.{name}")]

    assert undescribed(SCHEMA["spec"], "spec") == []


def test_the_status_has_a_place_for_all_that_is_written() -> None:
    """The API server drops what the schema does not name."""
    written = {
        "observedGeneration",
        "operator",
        "lastPollTime",
        "lastActiveTime",
        "lastScaleTime",
        "replicas",
        "desiredReplicas",
        "unlocked",
        "locked",
        "oldestTaskSeconds",
        "topicSummary",
        "topics",
        "reason",
        "decision",
        "failures",
        "conditions",
        "history",
    }

    assert set(SCHEMA["status"]["properties"]) == written
