import json
from typing import Any

import pytest
from external_tasks.engine.model import TopicSubscription
from external_tasks.engine.variables import Typed, decode
from external_tasks.errors import BadRequest, EngineError
from support.models import external_task, unique
from support.stacks import Engine

TEXT = "שלום 😀 O'Brien; <script>"


@pytest.fixture
def key(engine: Engine) -> str:
    key = unique("variables")
    engine.client("deployer").deploy(key, {"variables.bpmn": external_task(key, key)})
    return key


@pytest.mark.parametrize(
    "value",
    [
        {"rooms": [1, 2.5, None, True], "guest": {"name": TEXT}},
        [],
        {"long": "x" * 100_000},
    ],
    ids=["nested", "empty", "long"],
)
def test_json_comes_back_as_it_went(engine: Engine, key: str, value: Any) -> None:
    instance = engine.client("client").start(key, {"sent": value, "text": TEXT})
    task = engine.client("worker").fetch_and_lock("w", [TopicSubscription(key)], 1)[0]

    assert decode(task.variables) == {"sent": value, "text": TEXT}
    engine.client("worker").complete(task.id, "w", {"returned": value})

    query = {"processInstanceId": instance, "variableName": "returned"}
    returned = engine.client("client").get("/history/variable-instance", query)[0]
    assert returned["type"] == "Json"
    assert json.loads(returned["value"]) == value


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "{} {}", "NaN"])
def test_malformed_json_is_refused(engine: Engine, key: str, text: str) -> None:
    body = {"variables": {"x": {"type": "Json", "value": text}}}

    with pytest.raises(BadRequest, match="Json"):
        engine.client("client").post(f"/process-definition/key/{key}/start", body)


def test_objects_are_kept_as_json_and_load_no_class(engine: Engine, key: str) -> None:
    info = {"objectTypeName": "javax.naming.InitialContext", "serializationDataFormat": "application/json"}
    sent = {"x": {"type": "Object", "value": '{"a": [1]}', "valueInfo": info}}
    client = engine.client("client")

    instance = client.post(f"/process-definition/key/{key}/start", {"variables": sent})["id"]

    read = client.get(f"/process-instance/{instance}/variables/x")
    kept = client.get(f"/process-instance/{instance}/variables/x", {"deserializeValue": "false"})
    assert (read["value"], kept["value"]) == ({"a": [1]}, '{"a": [1]}')
    assert kept["valueInfo"] == info


def test_java_serialization_is_off(engine: Engine, key: str) -> None:
    info = {
        "objectTypeName": "java.util.ArrayList",
        "serializationDataFormat": "application/x-java-serialized-object",
    }
    body = {"variables": {"x": {"type": "Object", "value": "rO0ABXNy", "valueInfo": info}}}

    with pytest.raises(EngineError, match="Cannot"):
        engine.client("client").post(f"/process-definition/key/{key}/start", body)


def test_other_types_come_back(engine: Engine, key: str) -> None:
    variables = {"whole": 3, "big": 2**40, "part": 0.5, "yes": True, "none": None, "bytes": b"\x00\xff"}
    instance = engine.client("client").start(key, {**variables, "long": Typed(3, "Long")})

    path = f"/process-instance/{instance}/variables"
    read = engine.client("client").get(path)

    assert {name: variable["type"] for name, variable in read.items()} == {
        "whole": "Integer",
        "big": "Long",
        "part": "Double",
        "yes": "Boolean",
        "none": "Null",
        "bytes": "Bytes",
        "long": "Long",
    }
    assert engine.client("client").get_bytes(f"{path}/bytes/data") == b"\x00\xff"
