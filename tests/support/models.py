"""Small BPMN models that a test writes for itself."""

from uuid import uuid4

_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
             xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
             id="definitions" targetNamespace="test">
  {declarations}
  <process id="{key}" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="in" sourceRef="start" targetRef="{entry}">{condition}</sequenceFlow>
    {content}
  </process>
</definitions>
"""


def unique(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid4().hex[:8]}"


def one_task(key: str, task: str) -> bytes:
    """Start, one task, end; the task's id is to be `task`."""
    content = f'{task}<sequenceFlow id="out" sourceRef="task" targetRef="end"/><endEvent id="end"/>'
    return _MODEL.format(key=key, entry="task", content=content, condition="", declarations="").encode()


def external_task(key: str, topic: str) -> bytes:
    """One external task."""
    return one_task(key, f'<serviceTask id="task" camunda:type="external" camunda:topic="{topic}"/>')


def conditional(key: str, condition: str) -> bytes:
    """Start and end, with a condition between them."""
    content = '<endEvent id="end"/>'
    return _MODEL.format(key=key, entry="end", content=content, condition=condition, declarations="").encode()


def error_end(key: str, code: str) -> bytes:
    """Start and a top-level error end event that nothing catches."""
    content = '<endEvent id="end"><errorEventDefinition errorRef="error"/></endEvent>'
    declarations = f'<error id="error" errorCode="{code}"/>'
    return _MODEL.format(
        key=key, entry="end", content=content, condition="", declarations=declarations
    ).encode()


def process(key: str, content: str, declarations: str = "", attributes: str = "") -> bytes:
    """A process that a test writes in full: its elements, what is declared beside it, and its attributes."""
    return (
        f'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" {_PREFIXES} '
        f'id="definitions" targetNamespace="test">{declarations}'
        f'<process id="{key}" isExecutable="true" {attributes}>{content}</process></definitions>'
    ).encode()


def decision(key: str, content: str) -> bytes:
    """A decision that a test writes in full."""
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" '
        'xmlns:camunda="http://camunda.org/schema/1.0/dmn" '
        'id="definitions" name="definitions" namespace="test">'
        f'<decision id="{key}" name="{key}">{content}</decision></definitions>'
    ).encode()


_PREFIXES = (
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:foreign="http://example.com/foreign" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
