"""Models that were deployed when more was allowed, on an engine that allows it no longer."""

from pathlib import Path

import pytest
import urllib3
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineServerError
from support.lone_engine import Launch
from support.models import process
from support.waiting import eventually

ADMIN = {"ENGINE_ADMIN_PASSWORD": "admin-secret"}
OPENED = {
    "ENGINE_MODELS_ALLOW": "shell,methods,forms",
    "ENGINE_MODELS_CLASSES": "java.util.*",
    "ENGINE_MODELS_BEANS": "accounts",
}
PARTS = {
    "shell": (
        '<serviceTask id="element" camunda:type="shell"><extensionElements><camunda:field name="command">'
        '<camunda:string>touch</camunda:string></camunda:field><camunda:field name="arg1">'
        "<camunda:string>{proof}</camunda:string></camunda:field></extensionElements></serviceTask>"
    ),
    "method": '<serviceTask id="element" camunda:expression="${{execution.getClass().getName()}}"/>',
    "class": '<serviceTask id="element" camunda:class="java.util.ArrayList"/>',
    "bean": '<serviceTask id="element" camunda:expression="${{accounts.toString()}}"/>',
}


def model(key: str, part: str) -> bytes:
    """Wait in a user task, then do it."""
    return process(
        key,
        '<startEvent id="start"/><sequenceFlow id="a" sourceRef="start" targetRef="wait"/>'
        '<userTask id="wait"/><sequenceFlow id="b" sourceRef="wait" targetRef="element"/>'
        f'{part}<sequenceFlow id="c" sourceRef="element" targetRef="end"/><endEvent id="end"/>',
    )


def go_on(client: EngineClient, instance: str) -> None:
    (task,) = client.get("/task", {"processInstanceId": instance})
    client.post(f"/task/{task['id']}/complete", {})


@pytest.mark.timeout(600)
def test_former_models_are_kept_but_do_nothing_that_is_refused_now(
    launch: Launch, http: urllib3.PoolManager, tmp_path: Path
) -> None:
    as_admin = urllib3.make_headers(basic_auth="admin:admin-secret")
    proof = tmp_path / "proof"
    first = launch(**OPENED, **ADMIN)
    first.wait_until_ready()
    with first.client("admin", "admin-secret") as admin:
        for key, part in PARTS.items():
            admin.deploy(key, {f"{key}.bpmn": model(key, part.format(proof=proof))})
        waiting = {key: admin.start(key) for key in PARTS}
        go_on(admin, admin.start("shell"))
        eventually(lambda: proof.is_file() or None)
        go_on(admin, admin.start("method"))
        go_on(admin, admin.start("bean"))
        with pytest.raises(EngineServerError, match="ArrayList"):
            go_on(admin, admin.start("class"))
    first.stop()
    proof.unlink()

    second = launch(**ADMIN)
    second.wait_until_ready()
    with second.client("admin", "admin-secret") as admin:
        for key, instance in waiting.items():
            assert admin.get("/process-definition/count", {"key": key}) == {"count": 1}
            with pytest.raises(EngineServerError, match=r"ENGINE_MODELS|Unknown property"):
                go_on(admin, instance)
            address = f"{second.url}/process-instance/{instance}"
            assert http.request("DELETE", address, headers=as_admin).status == 204
    assert not proof.exists()
