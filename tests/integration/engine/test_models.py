"""What the engine takes from models, and what it refuses."""

import pytest
from external_tasks.errors import BadRequest, EngineServerError
from support.models import conditional, error_end, one_task, unique
from support.stacks import Engine

SCRIPT = '<camunda:script scriptFormat="groovy">1</camunda:script>'
SCRIPTS = {
    "javascript": one_task(
        "scripted", '<scriptTask id="task" scriptFormat="javascript"><script>1</script></scriptTask>'
    ),
    "juel": one_task(
        "scripted", '<scriptTask id="task" scriptFormat="juel"><script>${1}</script></scriptTask>'
    ),
    "feel": one_task("scripted", '<scriptTask id="task" scriptFormat="feel"><script>1</script></scriptTask>'),
    "resource": one_task(
        "scripted", '<scriptTask id="task" scriptFormat="groovy" camunda:resource="classpath://x.groovy"/>'
    ),
    "resource by expression": one_task(
        "scripted", '<scriptTask id="task" scriptFormat="groovy" camunda:resource="${script}"/>'
    ),
    "listener": one_task(
        "scripted",
        '<task id="task"><extensionElements><camunda:executionListener event="start">'
        f"{SCRIPT}</camunda:executionListener></extensionElements></task>",
    ),
    "mapping": one_task(
        "scripted",
        '<task id="task"><extensionElements><camunda:inputOutput><camunda:inputParameter name="x">'
        f"{SCRIPT}</camunda:inputParameter></camunda:inputOutput></extensionElements></task>",
    ),
    "condition": conditional(
        "scripted",
        '<conditionExpression xsi:type="tFormalExpression" language="groovy">true</conditionExpression>',
    ),
}


@pytest.mark.parametrize("model", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_are_refused_when_they_are_deployed(engine: Engine, model: bytes) -> None:
    with pytest.raises(BadRequest, match="runs no scripts"):
        engine.client("deployer").deploy(unique("script"), {"script.bpmn": model})

    assert engine.client("deployer").get("/process-definition/count", {"key": "scripted"}) == {"count": 0}


def evaluate(engine: Engine, expression: str, **variables: object) -> object:
    key = unique("expression")
    task = f'<serviceTask id="task" camunda:expression="{expression}" camunda:resultVariable="result"/>'
    engine.client("deployer").deploy(key, {"expression.bpmn": one_task(key, task)})
    body = {"variables": variables, "withVariablesInReturn": True}
    return engine.client("client").post(f"/process-definition/key/{key}/start", body)["variables"]["result"][
        "value"
    ]


def test_expressions_work(engine: Engine) -> None:
    assert evaluate(engine, "${nights * 2}", nights={"type": "Integer", "value": 3}) == 6


def test_expressions_walk_objects(engine: Engine) -> None:
    rooms = {
        "type": "Object",
        "value": '[{"id": "101"}, {"id": "102"}]',
        "valueInfo": {"objectTypeName": "java.util.ArrayList", "serializationDataFormat": "application/json"},
    }

    assert evaluate(engine, "${rooms[1].id}", rooms=rooms) == "102"


@pytest.mark.parametrize("bean", ["dataSource", "accounts", "processEngine"])
def test_expressions_see_no_beans(engine: Engine, bean: str) -> None:
    with pytest.raises(EngineServerError, match="Unknown property"):
        evaluate(engine, f"${{{bean}}}")


def test_an_uncaught_error_end_event_ends_the_process_normally(engine: Engine) -> None:
    key = unique("error")
    engine.client("deployer").deploy(key, {"error.bpmn": error_end(key, "TASK_ERROR")})

    instance = engine.client("client").start(key)

    history = engine.client("client").get(f"/history/process-instance/{instance}")
    assert history["state"] == "COMPLETED"


def test_a_model_without_a_time_to_live_gets_the_default(engine: Engine) -> None:
    key = unique("ttl")
    task = '<task id="task"/>'

    engine.client("deployer").deploy(key, {"ttl.bpmn": one_task(key, task)})

    assert engine.client("deployer").get(f"/process-definition/key/{key}")["historyTimeToLive"] == 180
