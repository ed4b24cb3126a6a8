"""docs/autoscaling.md says all that a user of the operator can meet."""

import re
from pathlib import Path

import pytest
import yaml
from external_task_operator.decision import Reason
from external_task_operator.errors import FailureKind
from external_task_operator.settings import OperatorSettings
from external_task_operator.spec import ScalerSpec
from external_task_operator.testing.world import World

REPOSITORY = Path(__file__).parents[3]
DOCUMENT = (REPOSITORY / "docs" / "autoscaling.md").read_text(encoding="utf-8")
CRD = yaml.safe_load((REPOSITORY / "operator/crd/externaltaskscalers.yaml").read_text(encoding="utf-8"))
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


@pytest.mark.parametrize("word", [*Reason, *FailureKind])
def test_every_reason_is_explained(word: str) -> None:
    assert f"`{word}`" in DOCUMENT


@pytest.mark.parametrize("field", sorted(SCHEMA))
def test_every_field_of_the_spec_is_in_the_table(field: str) -> None:
    assert re.search(rf"^\| `{field}[`.]", DOCUMENT, flags=re.MULTILINE)


def test_the_fields_that_the_api_server_knows_are_those_that_the_operator_reads() -> None:
    fields = {info.alias or name for name, info in ScalerSpec.model_fields.items()}

    assert fields == set(SCHEMA)


def test_every_setting_is_in_the_table() -> None:
    missing = [name for name in OperatorSettings.model_fields if f"`{name.upper()}`" not in DOCUMENT]

    assert missing == []


def test_every_metric_is_in_the_table(world: World) -> None:
    world.target(1)
    world.scaler(target={"maxTaskAgeSeconds": 60})
    world.engine.add("validate", 3)
    operator = world.operator()
    operator.poll()

    for family in operator.metrics.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        # Three moments share a line of the table.
        short = name.replace("last_active", "last_poll").replace("last_scale", "last_poll")
        assert f"`{short}`" in DOCUMENT, name
