"""What a called process gives back: all of it counts, and history tells of what has changed."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from external_tasks.engine.client import EngineClient
from support.models import external_task, process, unique
from support.stacks import Engine

STARTED: Mapping[str, Mapping[str, Any]] = {
    "kept": {"value": "a", "type": "String"},
    "empty": {"value": None, "type": "Null"},
    "day": {"value": "2027-01-31T12:00:00.000+0000", "type": "Date"},
    "nights": {"value": 2, "type": "Integer"},
    "digits": {"value": 7, "type": "Integer"},
}
ALL = '<extensionElements><camunda:in variables="all"/><camunda:out variables="all"/></extensionElements>'
WAIT = '<sequenceFlow id="back" sourceRef="call" targetRef="wait"/><userTask id="wait"/>'
NEVER = (
    '<boundaryEvent id="never" attachedToRef="wait"><conditionalEventDefinition>'
    '<condition xsi:type="tFormalExpression">${false}</condition>'
    "</conditionalEventDefinition></boundaryEvent>"
)


@pytest.fixture
def admin(engine: Engine) -> EngineClient:
    return engine.client("admin")


def caller(called: str) -> str:
    return (
        '<startEvent id="start"/><sequenceFlow id="in" sourceRef="start" targetRef="call"/>'
        f'<callActivity id="call" calledElement="{called}">{ALL}</callActivity>{WAIT}'
    )


def called_back(
    admin: EngineClient, content: str, called: str, results: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Start a caller, give results in what it calls, and return the caller and its variables then."""
    key = unique("caller")
    models = {"caller.bpmn": process(key, content), "called.bpmn": external_task(called, called)}
    admin.deploy(key, models)
    started = admin.post(f"/process-definition/key/{key}/start", {"variables": STARTED})
    worker = {"workerId": called, "maxTasks": 1, "topics": [{"topicName": called, "lockDuration": 60_000}]}
    (task,) = admin.post("/external-task/fetchAndLock", worker)
    admin.post(f"/external-task/{task['id']}/complete", {"workerId": called, "variables": results})
    variables: dict[str, Any] = admin.get(f"/process-instance/{started['id']}/variables")
    return started["id"], {
        name: (variable["type"], variable["value"]) for name, variable in variables.items()
    }


def times_written(admin: EngineClient, instance: str) -> Counter[str]:
    details = admin.get("/history/detail", {"processInstanceId": instance, "variableUpdates": "true"})
    return Counter(detail["variableName"] for detail in details)


def test_all_variables_come_back_and_history_tells_what_has_changed(admin: EngineClient) -> None:
    called = unique("called")
    results = {
        "nights": {"value": 3, "type": "Integer"},
        "digits": {"value": "7", "type": "String"},
        "empty": {"value": "no more", "type": "String"},
        "added": {"value": True, "type": "Boolean"},
    }

    instance, variables = called_back(admin, caller(called), called, results)

    assert variables == {
        "kept": ("String", "a"),
        "day": ("Date", STARTED["day"]["value"]),
        "nights": ("Integer", 3),
        "digits": ("String", "7"),
        "empty": ("String", "no more"),
        "added": ("Boolean", True),
    }
    written = {"kept": 1, "day": 1, "nights": 2, "digits": 2, "empty": 2, "added": 1}
    assert times_written(admin, instance) == written


def test_a_value_comes_back_to_the_nearest_scope_that_has_the_variable(admin: EngineClient) -> None:
    called = unique("called")
    inner = (
        '<extensionElements><camunda:inputOutput><camunda:inputParameter name="kept">inner'
        "</camunda:inputParameter></camunda:inputOutput></extensionElements>"
    )
    content = (
        '<startEvent id="begin"/><sequenceFlow id="to" sourceRef="begin" targetRef="inside"/>'
        f'<subProcess id="inside">{inner}{caller(called)}</subProcess>'
    )

    instance, variables = called_back(admin, content, called, {"kept": {"value": "a", "type": "String"}})

    assert variables["kept"] == ("String", "a")
    found = admin.get("/variable-instance", {"processInstanceIdIn": instance, "variableName": "kept"})
    assert [variable["value"] for variable in found] == ["a", "a"]
    assert times_written(admin, instance)["kept"] == 3


def test_all_variables_are_written_where_an_event_may_wait_for_them(admin: EngineClient) -> None:
    called = unique("called")

    instance, variables = called_back(admin, caller(called) + NEVER, called, {})

    assert variables["kept"] == ("String", "a")
    assert times_written(admin, instance) == dict.fromkeys(STARTED, 2)
