"""`external-tasks check` finds what does not fit between a worker and its models."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from external_tasks.command.line import run

WORKER = """
from external_tasks import BusinessError, Complete, TaskRouter

router = TaskRouter()
empty = TaskRouter()


@router.task("check-stock")
def check_stock(article: str, quantity: int = 1):
    if article == "gold":
        refuse(article)
    return {"in_stock": True}


def refuse(article):
    raise BusinessError("UNKNOWN_ARTICLE", article)


@router.task("reserve")
def reserve(in_stock: bool):
    return Complete({"reservation": 1})
"""

TASKS = """
<startEvent id="Start"/>
<serviceTask id="Check" camunda:type="external" camunda:topic="check-stock"/>
<serviceTask id="Reserve" camunda:type="external" camunda:topic="reserve"/>
"""

CATCHER = """
<boundaryEvent id="Unknown" attachedToRef="Check"><errorEventDefinition errorRef="E1"/></boundaryEvent>
"""


def model(content: str, key: str = "order") -> str:
    return f"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
      xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
      <error id="E1" errorCode="UNKNOWN_ARTICLE"/><error id="E2" errorCode="NEVER"/>
      <process id="{key}" isExecutable="true">{content}</process></definitions>"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with a worker in it, whose module is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "checked_worker.py").write_text(WORKER)
    yield tmp_path
    sys.modules.pop("checked_worker", None)


@pytest.fixture
def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> "Check":
    return Check(folder, capsys)


class Check:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def worker(self, text: str) -> None:
        (self._folder / "checked_worker.py").write_text(text)

    def __call__(self, *models: str, start: str = "article", target: str = "router") -> tuple[int, str]:
        files = []
        for number, text in enumerate(models):
            files.append(f"model-{number}.bpmn")
            (self._folder / files[-1]).write_text(text)
        code = run(["check", f"checked_worker:{target}", *files, "--start-variables", start])
        printed = self._capsys.readouterr()
        return code, printed.out + printed.err


def test_what_fits_is_said_to_fit(check: Check) -> None:
    code, printed = check(model(TASKS + CATCHER))

    assert (code, printed) == (0, "handlers: 2, topics: 2, models: 1; they fit\n")


def test_a_topic_without_a_handler(check: Check) -> None:
    lost = '<sendTask id="Mail" camunda:type="external" camunda:topic="send-mail"/>'

    code, printed = check(model(TASKS + CATCHER + lost))

    assert code == 1
    assert "model-0.bpmn: Mail: topic 'send-mail' has no handler" in printed


def test_a_topic_of_a_message_event_is_one_too(check: Check) -> None:
    event = (
        '<endEvent id="Told"><messageEventDefinition id="Told_definition" camunda:type="external" '
        'camunda:topic="tell"/></endEvent>'
    )

    code, printed = check(model(TASKS + CATCHER + event))

    assert code == 1
    assert "Told_definition: topic 'tell' has no handler" in printed


def test_a_handler_without_a_topic(check: Check) -> None:
    code, printed = check(
        model(TASKS.replace('camunda:topic="reserve"', 'camunda:topic="check-stock"') + CATCHER)
    )

    assert code == 1
    assert "handler of 'reserve': no model has a task with this topic" in printed


def test_a_topic_that_an_instance_decides_is_no_fault(check: Check) -> None:
    code, printed = check(model(TASKS.replace('"reserve"', '"${topic}"') + CATCHER))

    assert code == 0
    assert "the topic ${topic} is known at run time only" in printed


def test_a_variable_that_nothing_sets(check: Check) -> None:
    code, printed = check(model(TASKS + CATCHER), start="other")

    assert code == 1
    assert "variable 'article', which the handler of check-stock needs" in printed
    assert "add --start-variables article" in printed


@pytest.mark.parametrize(
    "content",
    [
        '<camunda:inputOutput><camunda:inputParameter name="article"/></camunda:inputOutput>',
        '<camunda:formData><camunda:formField id="article"/></camunda:formData>',
    ],
)
def test_a_variable_that_the_model_sets(check: Check, content: str) -> None:
    started = TASKS.replace(
        '<startEvent id="Start"/>',
        f'<startEvent id="Start"><extensionElements>{content}</extensionElements></startEvent>',
    )

    code, _ = check(model(started + CATCHER), start="")

    assert code == 0


def test_an_error_that_nothing_catches(check: Check) -> None:
    code, printed = check(model(TASKS))

    assert code == 1
    assert "Check: its handler raises 'UNKNOWN_ARTICLE', which no event catches" in printed


@pytest.mark.parametrize(
    "wrapped",
    [
        f"""<subProcess id="Sub">{TASKS}</subProcess>
        <boundaryEvent id="B" attachedToRef="Sub"><errorEventDefinition errorRef="E1"/></boundaryEvent>""",
        f"""{TASKS}<subProcess id="Sub" triggeredByEvent="true">
        <startEvent id="Failed"><errorEventDefinition/></startEvent></subProcess>""",
    ],
)
def test_an_error_that_a_scope_around_catches(check: Check, wrapped: str) -> None:
    assert check(model(wrapped))[0] == 0


def test_an_error_that_the_calling_process_catches(check: Check) -> None:
    caller = (
        '<callActivity id="Call" calledElement="order"/><boundaryEvent id="B" attachedToRef="Call">'
        '<errorEventDefinition errorRef="E1"/></boundaryEvent>'
    )

    assert check(model(TASKS), model(caller, "caller"))[0] == 0


def test_an_event_that_waits_for_an_error_that_nobody_raises(check: Check) -> None:
    never = (
        '<boundaryEvent id="B" attachedToRef="Check"><errorEventDefinition errorRef="E2"/></boundaryEvent>'
    )

    code, printed = check(model(TASKS + CATCHER + never))

    assert code == 1
    assert "B catches 'NEVER', which no handler raises" in printed


def test_what_the_code_does_not_show_is_a_note_only(check: Check) -> None:
    check.worker(
        "from external_tasks import TaskRouter\nrouter = TaskRouter()\n"
        "@router.task('check-stock')\ndef check_stock(article, by=None):\n    return by.ask(article)\n"
        "@router.task('reserve')\ndef reserve(in_stock): ...\n"
    )

    code, printed = check(model(TASKS + CATCHER))

    assert code == 0
    assert "note, as far as the code can be read: " in printed
    assert "Unknown catches 'UNKNOWN_ARTICLE', which no handler raises" in printed
    assert "variable 'in_stock'" in printed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<nonsense", "is not well-formed XML"),
        ("<html/>", "is no BPMN 2.0 model"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><definitions/>', "has a DOCTYPE"),
    ],
)
def test_a_file_that_is_no_model_is_refused(check: Check, text: str, problem: str) -> None:
    code, printed = check(text)

    assert code == 1
    assert f"external-tasks: model-0.bpmn {problem}" in printed


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("checked_worker", "write MODULE:NAME"),
        ("no_such_module:router", "there is no module no_such_module"),
        ("checked_worker:nothing", "checked_worker has no nothing; its workers and routers: empty, router"),
        ("checked_worker:reserve", "checked_worker:reserve failed: TypeError"),
        ("checked_worker:empty", "has no handler"),
    ],
)
def test_what_is_no_worker_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], target: str, problem: str
) -> None:
    (folder / "order.bpmn").write_text(model(TASKS))

    assert run(["check", target, "order.bpmn"]) == 1
    assert problem in capsys.readouterr().err


def test_a_module_that_wants_what_is_not_installed_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "checked_worker.py").write_text("import no_such_package_at_all\n")

    assert run(["run", "checked_worker:router"]) == 1
    assert "imports no_such_package_at_all, which is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"ENGINE_USER": "worker"}, "set both ENGINE_USER and ENGINE_PASSWORD"),
        ({"ENGINE_URL": "engine"}, "the engine's settings (ENGINE_…) cannot be used"),
        (
            {"ENGINE_USER": "a", "ENGINE_PASSWORD": "b", "ENGINE_TOKEN": "c"},
            "set one of ENGINE_USER, ENGINE_TOKEN",
        ),
        ({"ENGINE_PASSWORD": "a", "ENGINE_PASSWORD_FILE": "b"}, "set one of ENGINE_PASSWORD and"),
        ({"ENGINE_OAUTH2_TOKEN_URL": "https://login/token"}, "set all of ENGINE_OAUTH2_TOKEN_URL"),
        ({"ENGINE_KEY_FILE": "key.pem"}, "ENGINE_KEY_FILE needs ENGINE_CERTIFICATE_FILE"),
        ({"ENGINE_CERTIFICATE_FILE": "/no/such.pem"}, "the engine's settings (ENGINE_…) cannot be used"),
        ({"HEALTH_PORT": "http"}, "HEALTH_PORT must be the number of a port"),
        ({"ENGINE_PASSWORD_FILE": "/no/such"}, "ENGINE_PASSWORD_FILE=/no/such cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    problem: str,
) -> None:
    for name in [name for name in os.environ if name.startswith(("ENGINE_", "HEALTH_"))]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert run(["run", "checked_worker:router"]) == 1
    assert problem in capsys.readouterr().err
