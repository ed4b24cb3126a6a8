"""`external-tasks check` finds what does not fit between a worker and its models."""

import os
import socket
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


def handlers(check_stock: str, reserve: str = "def reserve(): ...", head: str = "") -> str:
    """Return a worker's module with handlers of both topics."""
    return (
        f"from external_tasks import BpmnError, BusinessError, Failure, TaskRouter\n{head}\n"
        f"router = TaskRouter()\n@router.task('check-stock')\n{check_stock}\n"
        f"@router.task('reserve')\n{reserve}\n"
    )


def model(content: str, key: str = "order") -> str:
    return f"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
      xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
      <error id="E1" errorCode="UNKNOWN_ARTICLE"/><error id="E2" errorCode="NEVER"/>
      <error id="E3" errorCode="TASK_ERROR"/>
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
        handlers(
            "def check_stock(article, by=None):\n    return by.ask(article)", "def reserve(in_stock): ..."
        )
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
        ({"HEALTH_PORT": "http"}, "HEALTH_PORT must be a port, a number from 0 to 65535, not 'http'"),
        ({"HEALTH_PORT": "-1"}, "HEALTH_PORT must be a port, a number from 0 to 65535, not '-1'"),
        ({"HEALTH_PORT": "65536"}, "HEALTH_PORT must be a port, a number from 0 to 65535, not '65536'"),
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

    assert run(["run", "checked_worker:router"]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize("target", ["router", "worker"])
def test_a_health_port_that_is_taken_is_named(
    check: Check,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    taken: int,
    target: str,
) -> None:
    check.worker(
        f"{WORKER}\nfrom external_tasks import EngineClient, Worker\n"
        f"worker = Worker(EngineClient('http://localhost:1'), health_port={taken}, health_host='127.0.0.1')\n"
        "worker.include(router)\n"
    )
    monkeypatch.setenv("HEALTH_PORT", str(taken))

    assert run(["run", f"checked_worker:{target}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"external-tasks: probes and metrics cannot be served at port {taken}")
    assert "free it, or name another" in said
    assert said.count("\n") == 1


def test_an_error_inside_the_event_subprocess_is_not_caught_by_that_one(check: Check) -> None:
    inside = (
        '<subProcess id="Rescue" triggeredByEvent="true"><startEvent id="Failed">'
        f'<errorEventDefinition errorRef="E1"/></startEvent>{TASKS}</subProcess>'
    )

    code, printed = check(model(inside))

    assert code == 1
    assert "Check: its handler raises 'UNKNOWN_ARTICLE', which no event catches" in printed
    assert "Failed catches 'UNKNOWN_ARTICLE', which no handler raises" in printed


def test_an_event_of_another_model_with_the_same_id_catches_nothing_here(check: Check) -> None:
    code, printed = check(model(TASKS), model(TASKS + CATCHER, "other"))

    assert code == 1
    assert "model-0.bpmn: Check: its handler raises 'UNKNOWN_ARTICLE'" in printed
    assert "model-1.bpmn" not in printed


def test_an_error_that_a_caller_of_an_unknown_process_may_catch_is_a_note(check: Check) -> None:
    caller = (
        '<callActivity id="Call" calledElement="${process}"/><boundaryEvent id="B" attachedToRef="Call">'
        '<errorEventDefinition errorRef="E1"/></boundaryEvent>'
    )

    code, printed = check(model(TASKS), model(caller, "caller"))

    assert code == 0
    assert "note, as far as the code can be read: model-0.bpmn: Check: its handler raises" in printed


def test_an_event_names_a_code_that_no_error_element_has(check: Check) -> None:
    caught = (
        '<boundaryEvent id="B" attachedToRef="Check"><errorEventDefinition errorRef="OTHER"/></boundaryEvent>'
    )

    code, printed = check(model(TASKS + caught))

    assert code == 1
    assert "B catches 'OTHER', which no handler raises" in printed
    assert "Check: its handler raises 'UNKNOWN_ARTICLE', which no event catches" in printed


MAPPED = """<serviceTask id="Pay" camunda:type="external" camunda:topic="check-stock"><extensionElements>
<camunda:errorEventDefinition errorRef="E2" expression="${externalTask.errorMessage == 'late'}"/>
</extensionElements></serviceTask>"""


def test_an_error_that_the_model_makes_of_a_failure_is_raised_there(check: Check) -> None:
    caught = "".join(
        f'<boundaryEvent id="{name}" attachedToRef="Pay"><errorEventDefinition errorRef="{code}"/>'
        "</boundaryEvent>"
        for name, code in (("B1", "E1"), ("B2", "E2"))
    )

    assert check(model(TASKS + CATCHER + MAPPED + caught))[0] == 0


def test_an_error_that_the_model_makes_of_a_failure_must_be_caught(check: Check) -> None:
    caught = (
        '<boundaryEvent id="B1" attachedToRef="Pay"><errorEventDefinition errorRef="E1"/></boundaryEvent>'
    )

    code, printed = check(model(TASKS + CATCHER + MAPPED + caught))

    assert code == 1
    assert "Pay: the model turns its failure into 'NEVER', which no event catches" in printed


CODES = {
    "a constant of the module": ('CODE = "UNKNOWN_ARTICLE"', "raise BusinessError(CODE)"),
    "an imported name": ("from its_codes import CODE", "raise BusinessError(CODE)"),
    "a name imported in the function": (
        "import its_codes",
        "from its_codes import CODE\n    raise BusinessError(CODE)",
    ),
    "a member of an imported module": ("import its_codes", "raise BusinessError(its_codes.CODE)"),
    "a local name": ("", 'code = "UNKNOWN_ARTICLE"\n    raise BusinessError(code)'),
    "an annotated local name": ("", 'code: str = "UNKNOWN_ARTICLE"\n    raise BusinessError(code)'),
    "one of two": ("", 'raise BusinessError("UNKNOWN_ARTICLE" if article else "UNKNOWN_ARTICLE")'),
    "an enum's member": (
        'import enum\nclass Codes(enum.StrEnum):\n    NEW = "UNKNOWN_ARTICLE"',
        "raise BusinessError(Codes.NEW)",
    ),
    "a value of an enum": (
        'import enum\nclass Codes(enum.Enum):\n    NEW = "UNKNOWN_ARTICLE"',
        "raise BusinessError(Codes.NEW.value)",
    ),
    "an error of its own": (
        (
            "class Unknown(BusinessError):\n    def __init__(self, text):\n"
            '        super().__init__("UNKNOWN_ARTICLE", text)'
        ),
        'raise Unknown("gold")',
    ),
    "an error of its own, without a call": (
        'class Unknown(BusinessError):\n    def __init__(self):\n        super().__init__("UNKNOWN_ARTICLE")',
        "raise Unknown",
    ),
    "a function of another module of the project": ("from its_codes import refuse", "refuse()"),
    "a returned outcome": ('CODE = "UNKNOWN_ARTICLE"', "return BpmnError(CODE)"),
}


@pytest.mark.parametrize("way", CODES)
def test_a_code_is_read_however_it_is_given(check: Check, folder: Path, way: str) -> None:
    (folder / "its_codes.py").write_text(
        'from external_tasks import BusinessError\nCODE = "UNKNOWN_ARTICLE"\n'
        "def refuse():\n    raise BusinessError(CODE)\n"
    )
    head, raising = CODES[way]
    check.worker(handlers(f"def check_stock(article):\n    {raising}", head=head))

    assert check(model(TASKS + CATCHER)) == (0, "handlers: 2, topics: 2, models: 1; they fit\n")
    sys.modules.pop("checked_worker", None)
    code, printed = check(model(TASKS))
    sys.modules.pop("its_codes", None)
    assert code == 1
    assert "its handler raises 'UNKNOWN_ARTICLE', which no event catches" in printed


def test_a_local_name_hides_the_modules(check: Check) -> None:
    hiding = "def check_stock(article, code=None):\n    raise BusinessError(code)"
    check.worker(handlers(hiding, head="code = 'UNKNOWN_ARTICLE'"))

    code, printed = check(model(TASKS + CATCHER))

    assert code == 0
    assert "note, as far as the code can be read: model-0.bpmn: Unknown catches 'UNKNOWN_ARTICLE'" in printed


EXHAUSTED = """
from external_tasks import EngineClient, TaskRouter, Worker

router = TaskRouter()
worker = Worker(EngineClient("http://localhost:1"), on_retries_exhausted="bpmn_error")
patient = Worker(EngineClient("http://localhost:1"))


@router.task("check-stock")
def check_stock(article): ...


@router.task("reserve", on_retries_exhausted="incident")
def reserve(): ...


worker.include(router)
patient.include(router)
"""
USED_UP = CATCHER.replace("Unknown", "UsedUp").replace("E1", "E3")


def test_used_up_retries_are_an_error_where_the_worker_says_so(check: Check) -> None:
    check.worker(EXHAUSTED)

    assert check(model(TASKS + USED_UP), target="worker")[0] == 0
    code, printed = check(model(TASKS), target="worker")
    assert code == 1
    assert (
        "Check: its handler raises 'TASK_ERROR' when its retries are used up, which no event catches"
        in printed
    )
    assert "Reserve" not in printed


def test_an_event_waits_for_used_up_retries_that_become_incidents(check: Check) -> None:
    check.worker(EXHAUSTED)

    code, printed = check(model(TASKS + USED_UP), target="patient")

    assert code == 1
    assert "UsedUp catches 'TASK_ERROR', which no handler raises" in printed
    assert 'on_retries_exhausted="bpmn_error"' in printed


def test_a_router_leaves_used_up_retries_to_its_worker(check: Check) -> None:
    check.worker(EXHAUSTED)

    code, printed = check(model(TASKS + USED_UP))

    assert code == 0
    assert "note, as far as the code can be read: model-0.bpmn: UsedUp catches 'TASK_ERROR'" in printed


NAMED_BY_THE_MODEL = {
    "result of a decision": (
        '<businessRuleTask id="S" camunda:decisionRef="d" camunda:resultVariable="article"/>'
    ),
    "output of a call": (
        '<callActivity id="S" calledElement="order"><extensionElements>'
        '<camunda:out source="x" target="article"/></extensionElements></callActivity>'
    ),
    "element of a collection": (
        '<task id="S"><multiInstanceLoopCharacteristics camunda:collection="c" '
        'camunda:elementVariable="article"/></task>'
    ),
    "element of a collection, by the standard": (
        '<task id="S"><multiInstanceLoopCharacteristics><loopDataInputRef>c</loopDataInputRef>'
        '<inputDataItem name="article"/></multiInstanceLoopCharacteristics></task>'
    ),
    "code of an escalation": (
        '<boundaryEvent id="S" attachedToRef="Check"><escalationEventDefinition '
        'camunda:escalationCodeVariable="article"/></boundaryEvent>'
    ),
}


@pytest.mark.parametrize("way", NAMED_BY_THE_MODEL)
def test_a_variable_that_the_model_names(check: Check, way: str) -> None:
    code, printed = check(model(TASKS + CATCHER + NAMED_BY_THE_MODEL[way]), start="")

    assert (code, "article" in printed) == (0, False)


SET_BY_WHAT_RUNS = {
    "a script": '<scriptTask id="S" scriptFormat="groovy"><script>1</script></scriptTask>',
    "a class": '<serviceTask id="S" camunda:class="org.example.Delegate"/>',
    "a delegate expression": '<serviceTask id="S" camunda:delegateExpression="${bean}"/>',
    "an expression": '<serviceTask id="S" camunda:expression="${bean.run(execution)}"/>',
    "a listener": (
        '<task id="S"><extensionElements><camunda:executionListener event="start" class="org.example.L"/>'
        "</extensionElements></task>"
    ),
    "a listener with a script": (
        '<task id="S"><extensionElements><camunda:executionListener event="start"><camunda:script '
        'scriptFormat="groovy">1</camunda:script></camunda:executionListener></extensionElements></task>'
    ),
    "a listener of a user task": (
        '<userTask id="S"><extensionElements><camunda:formData/><camunda:taskListener event="create" '
        'expression="${bean.run(task)}"/></extensionElements></userTask>'
    ),
    "a form": '<userTask id="S" camunda:formKey="embedded:app:form.html"/>',
    "a form of its own file": '<userTask id="S" camunda:formRef="form"/>',
    "a person completes a user task": '<userTask id="S"/>',
    "a message": '<receiveTask id="S"/>',
    "a message event": '<intermediateCatchEvent id="S"><messageEventDefinition/></intermediateCatchEvent>',
    "a signal event": '<intermediateCatchEvent id="S"><signalEventDefinition/></intermediateCatchEvent>',
    "all of a called process": (
        '<callActivity id="S" calledElement="elsewhere"><extensionElements><camunda:out variables="all"/>'
        "</extensionElements></callActivity>"
    ),
    "a mapping of a call": (
        '<callActivity id="S" calledElement="order" camunda:variableMappingClass="org.example.M"/>'
    ),
    "the process's listener": (
        '<extensionElements><camunda:executionListener event="start" delegateExpression="${bean}"/>'
        "</extensionElements>"
    ),
}


@pytest.mark.parametrize("way", SET_BY_WHAT_RUNS)
def test_a_variable_that_what_runs_in_the_engine_may_set_is_a_note(check: Check, way: str) -> None:
    code, printed = check(model(TASKS + CATCHER + SET_BY_WHAT_RUNS[way]), start="")

    assert code == 0
    assert "note, as far as the code can be read: variable 'article'" in printed
    assert f"model-0.bpmn: {'order' if way.startswith('the process') else 'S'}" in printed


def test_names_that_a_script_sets_are_read(check: Check) -> None:
    script = """<scriptTask id="S" scriptFormat="groovy"><script>
    execution.setVariable("article", 1)</script></scriptTask>"""

    assert check(model(TASKS + CATCHER + script), start="") == (
        0,
        "handlers: 2, topics: 2, models: 1; they fit\n",
    )


NAMED_ONLY = {
    "a form of named fields": (
        '<userTask id="S"><extensionElements><camunda:formData><camunda:formField id="x"/></camunda:formData>'
        "</extensionElements></userTask>"
    ),
    "all of the caller": (
        '<callActivity id="S" calledElement="order"><extensionElements><camunda:in variables="all"/>'
        "</extensionElements></callActivity>"
    ),
    "all of a process that is read": (
        '<callActivity id="S" calledElement="order"><extensionElements><camunda:out variables="all"/>'
        "</extensionElements></callActivity>"
    ),
    "an external task": MAPPED.replace('"Pay"', '"S"').replace("E2", "E1"),
}


@pytest.mark.parametrize("way", NAMED_ONLY)
def test_what_sets_named_variables_only_leaves_no_doubt(check: Check, way: str) -> None:
    code, printed = check(model(TASKS + CATCHER + NAMED_ONLY[way]), start="")

    assert code == 1
    assert "note" not in printed
    assert "variable 'article', which the handler of check-stock needs" in printed


def test_variables_of_an_error_and_of_a_failure_are_set_too(check: Check) -> None:
    setting = (
        "def check_stock(article):\n    if article:\n"
        "        raise BusinessError('UNKNOWN_ARTICLE', 'gold', {'article_name': 'gold'})\n"
        "    return Failure('late', variables={'delay': 1})"
    )
    check.worker(handlers(setting, "def reserve(article_name, delay): ..."))

    assert check(model(TASKS + CATCHER)) == (0, "handlers: 2, topics: 2, models: 1; they fit\n")


def test_what_a_model_says_is_shown_and_not_obeyed(check: Check) -> None:
    code, printed = check(model(TASKS + CATCHER + MAPPED.replace('"Pay"', '"Pay&#x202e;&#x9b;31m"')))

    assert code == 1
    assert "Pay\\u202e\\x9b31m: " in printed
    assert printed.replace("\n", "").isprintable()


def test_what_an_error_says_is_shown_and_not_obeyed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "checked_worker.py").write_text("raise ValueError('\\x1b[2J\\nexternal-tasks: all is well')\n")

    assert run(["run", "checked_worker:router"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "external-tasks: checked_worker cannot be imported: ValueError: \\x1b[2J",
        "  external-tasks: all is well",
    ]
