"""What models may not hold, and what they may: each kind in BPMN and DMN."""

import pytest
from external_tasks.errors import BadRequest, EngineError
from support.models import decision, process, unique
from support.stacks import Engine

SCRIPT = '<camunda:script scriptFormat="groovy">1</camunda:script>'
FLOW = '<sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}"/>'
GETS_A_CLASS = "${''.getClass().forName('java.lang.Runtime')}"
REACHES_THE_ENGINE = "${execution.getProcessEngineServices().getRuntimeService()}"


def extended(*extensions: str) -> str:
    return f"<extensionElements>{''.join(extensions)}</extensionElements>"


def around(element: str) -> str:
    """Start, the element with the id `element`, end."""
    return (
        f'<startEvent id="start"/>{FLOW.format(id="in", source="start", target="element")}{element}'
        f'{FLOW.format(id="out", source="element", target="end")}<endEvent id="end"/>'
    )


def task(attributes: str = "", inner: str = "", kind: str = "serviceTask") -> str:
    return around(f'<{kind} id="element" {attributes}>{inner}</{kind}>')


def external(inner: str, attributes: str = "") -> str:
    return task(f'camunda:type="external" camunda:topic="t" {attributes}', inner)


def user_task(attributes: str = "", inner: str = "") -> str:
    return task(attributes, inner, "userTask")


def condition(text: str, attributes: str = "") -> str:
    return (
        '<startEvent id="start"/><sequenceFlow id="element" sourceRef="start" targetRef="end">'
        f'<conditionExpression xsi:type="tFormalExpression" {attributes}>{text}</conditionExpression>'
        '</sequenceFlow><endEvent id="end"/>'
    )


def start_form(inner: str, attributes: str = "") -> str:
    return f'<startEvent id="start" {attributes}>{extended(inner)}</startEvent>'


def form_field(attributes: str, inner: str = "") -> str:
    return start_form(
        f'<camunda:formData><camunda:formField id="element" type="string" {attributes}>{inner}'
        "</camunda:formField></camunda:formData>"
    )


def mapping(inner: str) -> str:
    return external(
        extended(
            f'<camunda:inputOutput><camunda:inputParameter name="x">{inner}</camunda:inputParameter>'
            "</camunda:inputOutput>"
        )
    )


def loop(attributes: str = "", inner: str = "") -> str:
    return external(
        f"<multiInstanceLoopCharacteristics {attributes}>{inner}</multiInstanceLoopCharacteristics>"
    )


def timer(text: str, kind: str = "timeDuration") -> str:
    return around(
        '<intermediateCatchEvent id="element"><timerEventDefinition>'
        f'<{kind} xsi:type="tFormalExpression">{text}</{kind}>'
        "</timerEventDefinition></intermediateCatchEvent>"
    )


def call(attributes: str = "", *extensions: str, called: str = "called") -> str:
    return task(f'calledElement="{called}" {attributes}', extended(*extensions), "callActivity")


def execution_listener(attributes: str, inner: str = "") -> str:
    return external(
        extended(f'<camunda:executionListener event="start" {attributes}>{inner}</camunda:executionListener>')
    )


def task_listener(attributes: str, inner: str = "") -> str:
    return user_task(
        inner=extended(f'<camunda:taskListener event="create" {attributes}>{inner}</camunda:taskListener>')
    )


REFUSED = {
    "shell": (task('camunda:type="shell"'), "ENGINE_MODELS_ALLOW=shell"),
    "shell in capital letters": (task('camunda:type="SHELL"'), "ENGINE_MODELS_ALLOW=shell"),
    "mail": (task('camunda:type="mail"'), "external"),
    "shell of a send task": (task('camunda:type="shell"', kind="sendTask"), "ENGINE_MODELS_ALLOW=shell"),
    "mail of a business rule task": (task('camunda:type="mail"', kind="businessRuleTask"), "external"),
    "class": (task('camunda:class="java.lang.Runtime"'), "ENGINE_MODELS_CLASSES"),
    "delegate": (task('camunda:delegateExpression="${bean}"'), "ENGINE_MODELS_BEANS"),
    "class of a message end event": (
        task(kind="task")
        .replace("element", "task")
        .replace(
            '<endEvent id="end"/>',
            '<endEvent id="end"><messageEventDefinition id="element" camunda:class="java.lang.Runtime"/>'
            "</endEvent>",
        ),
        "ENGINE_MODELS_CLASSES",
    ),
    "script task": (task('scriptFormat="juel"', "<script>1</script>", "scriptTask"), "no scripts"),
    "script of a file": (
        task('scriptFormat="groovy" camunda:resource="deployment://x"', "", "scriptTask"),
        "no scripts",
    ),
    "script of a listener": (execution_listener("", SCRIPT), "no scripts"),
    "script of a task listener": (task_listener("", SCRIPT), "no scripts"),
    "script of a mapping": (mapping(SCRIPT), "no scripts"),
    "script in a list": (mapping(f"<camunda:list>{SCRIPT}</camunda:list>"), "no scripts"),
    "script in a map": (
        mapping(f'<camunda:map><camunda:entry key="k">{SCRIPT}</camunda:entry></camunda:map>'),
        "no scripts",
    ),
    "script of another namespace": (
        mapping('<foreign:script scriptFormat="groovy">1</foreign:script>'),
        "no scripts",
    ),
    "script of a condition": (condition("true", 'language="groovy"'), "no scripts"),
    "script file of a condition": (condition("", 'language="groovy" camunda:resource="x"'), "no scripts"),
    "connector": (
        task(
            inner=extended(
                "<camunda:connector><camunda:connectorId>http-connector</camunda:connectorId></camunda:connector>"
            )
        ),
        "external task",
    ),
    "class of a listener": (execution_listener('class="java.lang.Runtime"'), "ENGINE_MODELS_CLASSES"),
    "delegate of a listener": (execution_listener('delegateExpression="${bean}"'), "ENGINE_MODELS_BEANS"),
    "expression of a listener": (
        execution_listener(f'expression="{REACHES_THE_ENGINE}"'),
        "getProcessEngineS",
    ),
    "listener of a flow": (
        condition("${true}").replace(
            "<conditionExpression",
            extended('<camunda:executionListener event="take" class="java.lang.Runtime"/>')
            + "<conditionExpression",
        ),
        "ENGINE_MODELS_CLASSES",
    ),
    "listener of the process": (
        extended('<camunda:executionListener event="start" class="java.lang.Runtime"/>') + task(kind="task"),
        "ENGINE_MODELS_CLASSES",
    ),
    "class of a task listener": (task_listener('class="java.lang.Runtime"'), "ENGINE_MODELS_CLASSES"),
    "delegate of a task listener": (task_listener('delegateExpression="${b}"'), "ENGINE_MODELS_BEANS"),
    "expression of a task listener": (
        task_listener('expression="${task.execution.processEngineServices}"'),
        "processEngineServices",
    ),
    "services of the engine": (
        task(f'camunda:expression="{REACHES_THE_ENGINE}"'),
        "getProcessEngineServices",
    ),
    "services as a property": (
        task('camunda:expression="${execution.processEngineServices.runtimeService}"'),
        "processEngineServices",
    ),
    "services by a name in brackets": (
        task("camunda:expression=\"${execution['processEngine']}\""),
        "processEngine",
    ),
    "the model": (task('camunda:expression="${execution.bpmnModelInstance}"'), "bpmnModelInstance"),
    "the engine of a parent": (
        task('camunda:expression="${execution.processInstance.superExecution.processEngine}"'),
        "processEngine",
    ),
    "a class": (task(f'camunda:expression="{GETS_A_CLASS}"'), "getClass"),
    "the class of a variable": (task('camunda:expression="${x.getClass()}"'), "getClass"),
    "the class as a property": (task('camunda:expression="${x.class.name}"'), "class"),
    "the class in brackets": (task("camunda:expression=\"${x['class']}\""), "class"),
    "a computed method": (task("camunda:expression=\"${x[y]('z')}\""), "computes the name"),
    "a method in brackets": (task("camunda:expression=\"${x['getClass']()}\""), "getClass"),
    "a method of a bean": (task('camunda:expression="${dataSource.getConnection()}"'), "getConnection"),
    "an argument": (
        task(f"camunda:expression=\"${{execution.setVariable('x', {GETS_A_CLASS[2:-1]})}}\""),
        "getClass",
    ),
    "the second of two": (
        task('camunda:expression="${x} and #{y.getClass()}"'),
        "",
    ),
    "a function": (task('camunda:expression="${S(x)}"'), "no function 'S'"),
    "an expression that cannot be read": (task('camunda:expression="${x"'), "cannot be read"),
    "mapping": (mapping(GETS_A_CLASS), "getClass"),
    "key of a map": (
        mapping('<camunda:map><camunda:entry key="${x.getClass()}">1</camunda:entry></camunda:map>'),
        "getClass",
    ),
    "output": (
        external(
            extended(
                '<camunda:inputOutput><camunda:outputParameter name="x">${x.getClass()}'
                "</camunda:outputParameter></camunda:inputOutput>"
            )
        ),
        "getClass",
    ),
    "condition": (condition("${x.getClass() != null}"), "getClass"),
    "conditional event": (
        around(
            '<intermediateCatchEvent id="element"><conditionalEventDefinition>'
            '<condition xsi:type="tFormalExpression">${x.getClass()}</condition>'
            "</conditionalEventDefinition></intermediateCatchEvent>"
        ),
        "getClass",
    ),
    "label of a form field": (form_field('label="${x.getClass()}"'), "getClass"),
    "default of a form field": (form_field('defaultValue="${x.getClass()}"'), "getClass"),
    "validator": (
        form_field(
            "",
            '<camunda:validation><camunda:constraint name="validator" config="java.lang.Runtime"/>'
            "</camunda:validation>",
        ),
        "ENGINE_MODELS_CLASSES",
    ),
    "validating expression": (
        form_field(
            "",
            '<camunda:validation><camunda:constraint name="validator" config="${bean}"/>'
            "</camunda:validation>",
        ),
        "ENGINE_MODELS_CLASSES",
    ),
    "old form property": (
        start_form('<camunda:formProperty id="element" expression="${x.getClass()}"/>'),
        "getClass",
    ),
    "form handler": (
        '<startEvent id="element" camunda:formHandlerClass="java.lang.Runtime"/>',
        "ENGINE_MODELS_CLASSES",
    ),
    "embedded form": (
        user_task('camunda:formKey="embedded:deployment:form.html"'),
        "ENGINE_MODELS_ALLOW=forms",
    ),
    "form of a script": (user_task('camunda:formKey="javascript:alert(1)"'), "ENGINE_MODELS_ALLOW=forms"),
    "form of a variable": (user_task('camunda:formKey="${form}"'), "ENGINE_MODELS_ALLOW=forms"),
    "form reference": (
        user_task('camunda:formRef="${x.getClass()}" camunda:formRefBinding="latest"'),
        "getClass",
    ),
    "collection": (loop('camunda:collection="${x.getClass()}"'), "getClass"),
    "completion": (
        loop(
            'camunda:collection="x"',
            '<completionCondition xsi:type="tFormalExpression">${x.getClass()}</completionCondition>',
        ),
        "getClass",
    ),
    "cardinality": (
        loop(inner='<loopCardinality xsi:type="tFormalExpression">${x.getClass()}</loopCardinality>'),
        "getClass",
    ),
    "duration": (timer("${x.getClass()}"), "getClass"),
    "date": (timer("${x.getClass()}", "timeDate"), "getClass"),
    "cycle": (timer("${x.getClass()}", "timeCycle"), "getClass"),
    "name of a task": (user_task('name="${x.getClass()}"'), "getClass"),
    "description of a task": (user_task(inner="<documentation>${x.getClass()}</documentation>"), "getClass"),
    "topic": (task('camunda:type="external" camunda:topic="${x.getClass()}"'), "getClass"),
    "priority of a task": (external("", 'camunda:taskPriority="${x.getClass()}"'), "getClass"),
    "priority of a job": (
        external("", 'camunda:asyncBefore="true" camunda:jobPriority="${x.getClass()}"'),
        "getClass",
    ),
    "retries": (
        external(
            extended("<camunda:failedJobRetryTimeCycle>${x.getClass()}</camunda:failedJobRetryTimeCycle>"),
            'camunda:asyncBefore="true"',
        ),
        "getClass",
    ),
    "error of an external task": (
        external(extended('<camunda:errorEventDefinition errorRef="e" expression="${externalTask.class}"/>')),
        "class",
    ),
    "called element": (call(called="${x.getClass()}"), "getClass"),
    "version of a called element": (
        call('camunda:calledElementBinding="version" camunda:calledElementVersion="${x.getClass()}"'),
        "getClass",
    ),
    "tenant of a called element": (call('camunda:calledElementTenantId="${x.getClass()}"'), "getClass"),
    "business key of a called element": (
        call("", '<camunda:in businessKey="${x.getClass()}"/>'),
        "getClass",
    ),
    "input of a called element": (
        call("", '<camunda:in sourceExpression="${x.getClass()}" target="y"/>'),
        "getClass",
    ),
    "mapping class": (call('camunda:variableMappingClass="java.lang.Runtime"'), "ENGINE_MODELS_CLASSES"),
    "mapping delegate": (
        call('camunda:variableMappingDelegateExpression="${bean}"'),
        "ENGINE_MODELS_BEANS",
    ),
    "case": (
        task('camunda:caseRef="case"', kind="callActivity"),
        "ENGINE_MODELS_ALLOW=cases",
    ),
    "decision reference": (
        task('camunda:decisionRef="${x.getClass()}"', kind="businessRuleTask"),
        "getClass",
    ),
    "field": (
        task(
            'camunda:type="external" camunda:topic="t"',
            extended(
                '<camunda:field name="f"><camunda:expression>${x.getClass()}</camunda:expression>'
                "</camunda:field>"
            ),
        ),
        "getClass",
    ),
    "unknown attribute": (external("", 'camunda:unheardOf="1"'), "unheardOf"),
    "unknown element": (external(extended("<camunda:unheardOf/>")), "unheardOf"),
    **{
        attribute: (user_task(f'camunda:{attribute}="${{x.getClass()}}"'), "getClass")
        for attribute in (
            "assignee",
            "candidateUsers",
            "candidateGroups",
            "dueDate",
            "followUpDate",
            "priority",
        )
    },
}

DECLARED = {
    "name of a message": '<message id="element" name="${x.getClass()}"/>',
    "name of a signal": '<signal id="element" name="${x.getClass()}"/>',
    "name of an escalation": '<escalation id="element" name="e" escalationCode="${x.getClass()}"/>',
    "message of an error": '<error id="element" errorCode="e" camunda:errorMessage="${x.getClass()}"/>',
}

PROCESS_ATTRIBUTES = {
    "time to live": 'camunda:historyTimeToLive="${x.getClass()}"',
    "starters": 'camunda:candidateStarterUsers="${x.getClass()}"',
}


@pytest.mark.parametrize(("content", "part"), REFUSED.values(), ids=REFUSED)
def test_a_model_is_refused_with_its_element_and_a_remedy(engine: Engine, content: str, part: str) -> None:
    key = unique("refused")

    with pytest.raises(BadRequest) as refused:
        engine.client("deployer").deploy(key, {"model.bpmn": process(key, content)})

    assert "'element'" in str(refused.value) or f"'{key}'" in str(refused.value)
    assert part in str(refused.value)
    assert engine.client("deployer").get("/deployment/count", {"name": key}) == {"count": 0}


@pytest.mark.parametrize("declaration", DECLARED.values(), ids=DECLARED)
def test_a_declaration_is_refused(engine: Engine, declaration: str) -> None:
    key = unique("refused")

    with pytest.raises(BadRequest, match=r"'element'.*getClass"):
        engine.client("deployer").deploy(
            key, {"model.bpmn": process(key, task(kind="task"), declarations=declaration)}
        )


@pytest.mark.parametrize("attributes", PROCESS_ATTRIBUTES.values(), ids=PROCESS_ATTRIBUTES)
def test_an_attribute_of_a_process_is_refused(engine: Engine, attributes: str) -> None:
    key = unique("refused")

    with pytest.raises(BadRequest, match=rf"'{key}'.*getClass"):
        engine.client("deployer").deploy(
            key, {"model.bpmn": process(key, task(kind="task"), attributes=attributes)}
        )


def table(inner: str = "", input_language: str = "", output: str = "1", output_language: str = "") -> str:
    return (
        f'<decisionTable id="table"><input id="input"><inputExpression id="element" typeRef="string" '
        f"{input_language}><text>x</text></inputExpression></input>"
        '<output id="output" name="y" typeRef="string"/>'
        f'<rule id="rule"><inputEntry id="entry"><text>-</text></inputEntry><outputEntry id="result" '
        f"{output_language}><text>{output}</text></outputEntry></rule>{inner}</decisionTable>"
    )


def literal(text: str, attributes: str = "") -> str:
    return (
        f'<variable id="variable" name="y"/><literalExpression id="element" {attributes}>'
        f"<text>{text}</text></literalExpression>"
    )


REFUSED_DECISIONS = {
    "script": literal("1", 'expressionLanguage="groovy"'),
    "script of an input": table(input_language='expressionLanguage="javascript"'),
    "script of an output": table(output_language='expressionLanguage="python"'),
    "a class": literal("${''.getClass()}", 'expressionLanguage="juel"'),
    "a class in a table": table(output="${''.getClass()}", output_language='expressionLanguage="juel"'),
    "the context": literal("${variableContext.getClass()}", 'expressionLanguage="juel"'),
    "a bean": literal("${dataSource.getConnection()}", 'expressionLanguage="juel"'),
    "a function of Java": literal(
        "{f: function(x) external {java: {class: 'java.lang.Runtime', 'method signature': 'getRuntime()'}}}"
    ),
    "a function": '<variable id="variable" name="y"/><functionDefinition id="element"/>',
}


@pytest.mark.parametrize("content", REFUSED_DECISIONS.values(), ids=REFUSED_DECISIONS)
def test_a_decision_is_refused_with_its_element_and_a_remedy(engine: Engine, content: str) -> None:
    key = unique("refused")

    with pytest.raises(
        BadRequest, match=r"'(element|result|entry)'.*(FEEL|ENGINE_MODELS_ALLOW|decision tables)"
    ):
        engine.client("deployer").deploy(key, {"model.dmn": decision(key, content)})

    assert engine.client("deployer").get("/deployment/count", {"name": key}) == {"count": 0}


def test_a_case_is_refused(engine: Engine) -> None:
    model = b'<definitions xmlns="http://www.omg.org/spec/CMMN/20151109/MODEL"/>'

    with pytest.raises(BadRequest, match="ENGINE_MODELS_ALLOW=cases"):
        engine.client("deployer").deploy(unique("case"), {"model.cmmn": model})


ALLOWED = {
    "external task": external(""),
    "external task in capital letters": task('camunda:type="External" camunda:topic="t"'),
    "user task": user_task(
        'name="Book ${room}" camunda:assignee="${guest}" camunda:candidateGroups="a,${group}" '
        'camunda:dueDate="${dateTime().plusDays(2).toDate()}" camunda:priority="${nights * 10}"'
    ),
    "own text in the element": execution_listener(
        "expression=\"${execution.setVariable('a', x.size() > 2)}\""
    ),
    "business key": execution_listener("expression=\"${execution.setVariable('k', execution.businessKey)}\""),
    "task listener": task_listener(
        "expression=\"${task.setAssignee(task.execution.getVariable('guest').toLowerCase())}\""
    ),
    "form fields": form_field(
        'label="Name of ${guest}" defaultValue="${guest}"',
        '<camunda:validation><camunda:constraint name="required"/>'
        '<camunda:constraint name="maxlength" config="25"/></camunda:validation>',
    ),
    "form of the engine": user_task('camunda:formKey="camunda-forms:deployment:form.form"'),
    "lists and maps": mapping("<camunda:list><camunda:value>${rooms[0].id}</camunda:value></camunda:list>"),
    "loop": loop(
        'camunda:collection="${rooms}" camunda:elementVariable="room"',
        '<completionCondition xsi:type="tFormalExpression">${nrOfCompletedInstances > 2}'
        "</completionCondition>",
    ),
    "collection by name": loop('camunda:collection="rooms"'),
    "timer": timer("${empty wait ? 'PT1M' : wait}"),
    "cycle": timer("R3/PT10S", "timeCycle"),
    "call": call(
        "",
        '<camunda:in businessKey="#{execution.processBusinessKey}"/>',
        '<camunda:in variables="all"/>',
        '<camunda:out sourceExpression="${a.b.c}" target="d"/>',
    ),
    "decision": task(
        'camunda:decisionRef="price" camunda:mapDecisionResult="singleEntry" camunda:resultVariable="price"',
        kind="businessRuleTask",
    ),
    "condition": condition(
        "${name.startsWith('A') and (guests.contains(name) or map.containsKey('b')) and now().getTime() > 0}"
    ),
    "properties of the model": external(
        extended('<camunda:properties><camunda:property name="a" value="b"/></camunda:properties>')
    ),
    "what other tools keep": external(
        extended('<foreign:note colour="${x.getClass()}"><foreign:shade/></foreign:note>'),
        'foreign:reviewer="me"',
    ),
    "template": external("", 'camunda:modelerTemplate="t" camunda:modelerTemplateVersion="2"'),
    "text annotation": task(kind="manualTask")
    + '<textAnnotation id="note"><text>${not.evaluated()}</text></textAnnotation>',
}


@pytest.mark.parametrize("content", ALLOWED.values(), ids=ALLOWED)
def test_a_model_is_taken(engine: Engine, content: str) -> None:
    key = unique("allowed")

    engine.client("deployer").deploy(key, {"model.bpmn": process(key, content)})

    assert engine.client("deployer").get("/process-definition/count", {"key": key}) == {"count": 1}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (literal("x + 1"), 3),
        (literal("${x + 2}", 'expressionLanguage="juel"'), 4),
        (table(output='"a"'), "a"),
        (table(output="${x == 2 ? 'b' : 'c'}", output_language='expressionLanguage="juel"'), "b"),
    ],
    ids=["feel", "juel", "table of feel", "table of juel"],
)
def test_a_decision_is_taken_and_decides(engine: Engine, content: str, expected: object) -> None:
    key = unique("allowed")

    engine.client("deployer").deploy(key, {"model.dmn": decision(key, content)})

    body = {"variables": {"x": {"value": 2, "type": "Integer"}}}
    rows = engine.client("admin").post(f"/decision-definition/key/{key}/evaluate", body)
    assert [entry["value"] for row in rows for entry in row.values()] == [expected]


def evaluate(engine: Engine, expression: str, **variables: object) -> object:
    key = unique("expression")
    content = task(f'camunda:expression="{expression}" camunda:resultVariable="result"')
    engine.client("deployer").deploy(key, {"expression.bpmn": process(key, content)})
    body = {"variables": variables, "withVariablesInReturn": True}
    return engine.client("client").post(f"/process-definition/key/{key}/start", body)["variables"]["result"][
        "value"
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("${text.substring(2, 4)}", "te"),
        ("${text.indexOf('l')}", 4),
        ("${text.length() + 1}", 6),
        ("${text.replace('el', 'il').toUpperCase()}", "HOTIL"),
        ("${execution.getVariable('text').equals('hotel')}", True),
        ("${execution.hasVariable('absent')}", False),
        ("${list.contains('b')}", True),
        ("${list.size()}", 2),
        ("${list[1]}", "b"),
        ("${list.get(0)}", "a"),
        ("${number.intValue() + 1}", 8),
        ("${empty execution.processInstance.businessKey}", True),
    ],
)
def test_what_expressions_may_call(engine: Engine, expression: str, expected: object) -> None:
    variables = {
        "text": {"type": "String", "value": "hotel"},
        "number": {"type": "Long", "value": 7},
        "list": {
            "type": "Object",
            "value": '["a", "b"]',
            "valueInfo": {
                "objectTypeName": "java.util.ArrayList",
                "serializationDataFormat": "application/json",
            },
        },
    }

    assert evaluate(engine, expression, **variables) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "${execution.getVariable(name)[part]}",
        "${x.loader}",
        "${execution[part]}",
        "${dataSource}",
        "${list.get(part)}",
    ],
)
def test_what_cannot_be_seen_before_is_refused_when_it_is_evaluated(engine: Engine, expression: str) -> None:
    variables = {
        name: {"type": "String", "value": value}
        for name, value in {"name": "x", "x": "y", "part": "class", "list": "text"}.items()
    }

    with pytest.raises(EngineError):
        evaluate(engine, expression, **variables)
