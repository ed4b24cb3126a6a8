"""docs/autoscaling.md says all that a user of the operator can meet."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import jsonschema
import pytest
import yaml
from external_task_operator.control.push import PushServer
from external_task_operator.errors import FailureKind
from external_task_operator.policy.decision import Reason
from external_task_operator.settings import OperatorSettings
from external_task_operator.spec import ScalerSpec, parse
from support.operator_world.world import World

REPOSITORY = Path(__file__).parents[3]
DOCUMENT = (REPOSITORY / "docs" / "autoscaling.md").read_text(encoding="utf-8")
CRD = yaml.safe_load((REPOSITORY / "operator/crd/externaltaskscalers.yaml").read_text(encoding="utf-8"))
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def test_the_first_scaler_of_the_document_is_one() -> None:
    found = re.search(r"```yaml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    assert found is not None
    scaler = yaml.safe_load(found[1])

    spec = ScalerSpec.model_validate(scaler["spec"])

    assert scaler["kind"] == CRD["spec"]["names"]["kind"]
    assert spec.scale_target_ref.name == "worker"


MINIMAL: dict[str, Any] = {
    "scaleTargetRef": {"name": "worker"},
    "engine": {"url": "http://engine/engine-rest"},
    "topics": ["validate"],
}
BLOCKS: list[dict[str, Any]] = [
    yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
]
FRAGMENTS = [block for block in BLOCKS if "kind" not in block and block.keys() <= SCHEMA.keys()]
VALUES = [block for block in BLOCKS if "kind" not in block and not block.keys() <= SCHEMA.keys()]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=",".join)
def test_every_part_of_a_spec_is_understood(fragment: dict[str, Any]) -> None:
    assert ScalerSpec.model_validate(MINIMAL | fragment) != ScalerSpec.model_validate(MINIMAL)


@pytest.mark.parametrize("values", VALUES, ids=",".join)
def test_every_part_of_values_is_known_to_the_chart(values: dict[str, Any]) -> None:
    schema = json.loads((REPOSITORY / "charts/external-task-scaler/values.schema.json").read_text())

    jsonschema.validate(values, schema)


def test_the_worker_with_another_client_is_the_one_of_the_examples() -> None:
    manifests = (REPOSITORY / "examples/other_clients/javascript/worker.yaml").read_text()

    assert all(f"```yaml\n{manifest}```" in DOCUMENT for manifest in manifests.split("---\n"))


def test_the_annotations_of_the_commands_are_those_that_the_operator_reads() -> None:
    said = re.findall(r"^\$ kubectl annotate ets worker (\S+)=(\S+)$", DOCUMENT, flags=re.MULTILINE)

    specs = [parse({"metadata": {"annotations": {name: value}}, "spec": MINIMAL}) for name, value in said]

    assert specs
    assert all(spec.take_over for spec in specs)


def test_the_push_that_is_shown_is_accepted() -> None:
    shown = re.search(r"^\$ curl .* -d '(.*)' http://\S+:8091(/\S+)\n(.*)$", DOCUMENT, flags=re.MULTILINE)
    assert shown is not None
    body, path, answer = shown.groups()
    server = PushServer(0, token=lambda: "t", hurry=len, count=lambda _: None, host="127.0.0.1")
    server.start()
    request = Request(f"http://127.0.0.1:{server.port}{path}", body.encode(), {"Authorization": "Bearer t"})

    with urlopen(request, timeout=10) as accepted:  # noqa: S310 - of this machine
        assert json.load(accepted) == json.loads(answer)
    server.close()


@pytest.mark.parametrize("word", [*Reason, *FailureKind])
def test_every_reason_is_explained(word: str) -> None:
    assert f"`{word}`" in DOCUMENT


@pytest.mark.parametrize("field", sorted(SCHEMA))
def test_every_field_of_the_spec_is_in_the_table(field: str) -> None:
    assert re.search(rf"^\| `{field}[`.]", DOCUMENT, flags=re.MULTILINE)


def test_the_fields_that_the_api_server_knows_are_those_that_the_operator_reads() -> None:
    fields = {info.alias or name for name, info in ScalerSpec.model_fields.items() if not info.exclude}

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
