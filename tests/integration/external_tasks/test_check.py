"""What `external-tasks check` says of errors is what the engine does with them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from external_tasks import TaskRouter
from external_tasks.command.line import run
from support.fixtures import NewWorker

HEAD = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <error id="Error_Known" errorCode="KNOWN"/>
  <process id="{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/><sequenceFlow id="F1" sourceRef="Start" targetRef="Task"/>
    <endEvent id="End"/><sequenceFlow id="F2" sourceRef="Task" targetRef="End"/>"""
TASK = '<serviceTask id="Task" camunda:type="external" camunda:topic="{key}"/>'
MAPPED = """<serviceTask id="Task" camunda:type="external" camunda:topic="{key}"><extensionElements>
    <camunda:errorEventDefinition errorRef="Error_Known" expression="${{true}}"/>
    </extensionElements></serviceTask>"""
BOUNDARY = """<boundaryEvent id="Event" attachedToRef="Task">
    <errorEventDefinition {reference}/></boundaryEvent>
    <sequenceFlow id="F3" sourceRef="Event" targetRef="End_Caught"/><endEvent id="End_Caught"/>"""
RESCUE = """<subProcess id="Rescue" triggeredByEvent="true">
    <startEvent id="Event"><errorEventDefinition errorRef="Error_Known"/></startEvent>{inside}
    </subProcess>"""
ENDS = '<sequenceFlow id="F4" sourceRef="Event" targetRef="End_Caught"/><endEvent id="End_Caught"/>'
RAISES = """<sequenceFlow id="F4" sourceRef="Event" targetRef="Again"/>
    <serviceTask id="Again" camunda:type="external" camunda:topic="{key}"/>
    <sequenceFlow id="F5" sourceRef="Again" targetRef="End_Caught"/><endEvent id="End_Caught"/>"""

MODELS = {
    "a code": (TASK + BOUNDARY.replace("{reference}", 'errorRef="Error_Known"'), None),
    "any code": (TASK + BOUNDARY.replace("{reference}", ""), None),
    "a reference that is the code": (TASK + BOUNDARY.replace("{reference}", 'errorRef="KNOWN"'), None),
    "a reference that is another": (TASK + BOUNDARY.replace("{reference}", 'errorRef="OTHER"'), "Task"),
    "an event subprocess": (TASK + RESCUE.replace("{inside}", ENDS), None),
    "an event subprocess that raises": (TASK + RESCUE.replace("{inside}", RAISES), "Again"),
    "a failure that the model turns": (
        MAPPED + BOUNDARY.replace("{reference}", 'errorRef="Error_Known"'),
        None,
    ),
    "one that nothing catches": (MAPPED, "Task"),
}

WORKER = """
from external_tasks import BusinessError, TaskRouter

router = TaskRouter()


@router.task("{key}")
def handle():
    raise {error}
"""


@pytest.fixture
def worker_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes the module `checked_on_engine` and imports it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(key: str, error: str) -> TaskRouter:
        (tmp_path / "checked_on_engine.py").write_text(WORKER.format(key=key, error=error))
        import checked_on_engine  # type: ignore[import-not-found]  # noqa: PLC0415 - it is made here

        router: TaskRouter = checked_on_engine.router
        return router

    yield write
    sys.modules.pop("checked_on_engine", None)


@pytest.mark.parametrize("way", MODELS)
def test_what_is_said_to_be_caught_is_caught(
    probe: Any,
    new_worker: NewWorker,
    worker_file: Callable[[str, str], TaskRouter],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    way: str,
) -> None:
    content, uncaught = MODELS[way]
    model = (HEAD + content).format(key=probe.key) + "</process></definitions>"
    (tmp_path / "model.bpmn").write_text(model)
    probe.client.deploy(probe.key, {"model.bpmn": model.encode()})
    turned = "errorEventDefinition errorRef" in content and "camunda:errorEventDefinition" in content
    router = worker_file(probe.key, "ValueError" if turned else "BusinessError('KNOWN')")
    worker = new_worker()
    worker.include(router)

    run(["check", "checked_on_engine:router", "model.bpmn"])
    said = [line for line in capsys.readouterr().out.splitlines() if "which no event catches" in line]
    instance = probe.start()
    worker.run(once=True)

    assert [line.split(": ")[1] for line in said] == ([uncaught] if uncaught else [])
    assert probe.ended_at(instance) == (None if uncaught else "End_Caught")
    assert probe.count(processInstanceId=instance) == 0
