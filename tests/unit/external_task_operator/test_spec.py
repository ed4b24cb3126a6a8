"""The spec as the operator reads it, and that the CRD says the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from external_task_operator.errors import InvalidSpec
from external_task_operator.spec import (
    PAUSED_ANNOTATION,
    PAUSED_REPLICAS_ANNOTATION,
    ScalerSpec,
    parse,
)
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


@pytest.mark.parametrize("value", ["1", "yes", "on", "", "tru", "paused", "true;"])
def test_an_annotation_that_is_not_understood_pauses_and_says_so(value: str) -> None:
    """A safety switch stays on the safe side."""
    parsed = parse(resource({PAUSED_ANNOTATION: value}))

    assert parsed.paused
    assert repr(value) in parsed.pause_problem


@pytest.mark.parametrize(
    ("value", "paused"),
    [("true", True), ("True", True), (" true ", True), ("false", False), ("FALSE", False)],
)
def test_the_annotation_pauses_like_the_field(value: str, *, paused: bool) -> None:
    assert parse(resource({PAUSED_ANNOTATION: value})).paused is paused
    assert parse(resource({PAUSED_ANNOTATION: value}, paused=True)).paused


@pytest.mark.parametrize(("value", "replicas"), [("0", 0), (" 7 ", 7), ("10000", 10_000)])
def test_the_annotation_of_replicas_pauses_at_them(value: str, replicas: int) -> None:
    parsed = parse(resource({PAUSED_REPLICAS_ANNOTATION: value}))

    assert (parsed.paused, parsed.paused_replicas, parsed.pause_problem) == (True, replicas, "")


@pytest.mark.parametrize("value", ["", "-1", "1.5", "many", "10001", "0x1", "\u0663", "99999999999", "true"])
def test_replicas_that_are_not_understood_pause_where_the_target_is(value: str) -> None:
    parsed = parse(resource({PAUSED_REPLICAS_ANNOTATION: value}))

    assert (parsed.paused, parsed.paused_replicas) == (True, None)
    assert repr(value) in parsed.pause_problem


def test_a_pause_that_is_not_understood_moves_nothing_whatever_the_other_annotation_says() -> None:
    parsed = parse(resource({PAUSED_ANNOTATION: "1", PAUSED_REPLICAS_ANNOTATION: "3"}))

    assert (parsed.paused, parsed.paused_replicas) == (True, None)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"minReplicaCount": 5, "maxReplicaCount": 1}, "minReplicaCount must not be above"),
        ({"target": {"drainSeconds": 5}}, "belong together"),
        ({"topics": []}, "spec.topics"),
        (
            {"scaleTargetRef": {"kind": "deployments", "name": "x"}},
            "spec.scaleTargetRef.kind: must be a kind",
        ),
        ({"pollingInterval": "soon"}, "spec.pollingInterval"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidSpec, match=named):
        parse(resource(**fields))


def compare(model: type[BaseModel], schema: dict[str, Any], where: str) -> None:
    fields = {name: field for name, field in model.model_fields.items() if not field.exclude}
    assert {field.alias or name for name, field in fields.items()} == set(schema["properties"]), where
    for name, field in fields.items():
        alias = field.alias or name
        compare_field(
            field, schema["properties"][alias], alias in schema.get("required", ()), f"{where}.{alias}"
        )


CONSTRAINTS = {
    "min_length": ("minLength", "minItems"),
    "max_length": ("maxLength", "maxItems"),
    "pattern": ("pattern",),
    "ge": ("minimum",),
    "le": ("maximum",),
}


def constraints_of(field: FieldInfo) -> dict[str, Any]:
    """What pydantic checks of a field, or of the texts in it."""
    found = {}
    for rule in _rules(field):
        for name in CONSTRAINTS:
            if (value := getattr(rule, name, None)) is not None:
                found[name] = value
    return found


def _rules(field: FieldInfo) -> Iterator[Any]:
    for rule in field.metadata:
        yield from rule.metadata if isinstance(rule, FieldInfo) else [rule]
    for part in (field.annotation, *get_args(field.annotation)):
        for rule in getattr(part, "__metadata__", ()):
            yield from rule.metadata if isinstance(rule, FieldInfo) else [rule]


def constraints_in(schema: dict[str, Any]) -> dict[str, Any]:
    """What the API server checks of a field, or of the texts in it."""
    found = {}
    for name, keywords in CONSTRAINTS.items():
        for part in (schema, schema.get("items", {})):
            for keyword in keywords:
                if keyword in part:
                    found[name] = part[keyword]
    return found


def compare_field(field: FieldInfo, schema: dict[str, Any], required: bool, where: str) -> None:  # noqa: FBT001
    if not [t for t in (field.annotation, *get_args(field.annotation)) if is_model(t)]:
        assert constraints_of(field) == constraints_in(schema), where
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
        "refreshSeconds",
        "lastActiveTime",
        "lastScaleTime",
        "replicas",
        "desiredReplicas",
        "unlocked",
        "locked",
        "oldestTaskSeconds",
        "topicSummary",
        "topics",
        "activeSchedules",
        "reason",
        "decision",
        "failures",
        "conditions",
        "history",
    }

    assert set(SCHEMA["status"]["properties"]) == written
