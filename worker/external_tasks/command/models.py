"""What a BPMN file says about external tasks, errors and variables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from external_tasks.command.errors import CommandError
from external_tasks.files import FileTooLargeError, read_up_to

MOST_BYTES = 16 * 1024 * 1024
_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
# The namespaces that these engines read their own attributes from.
_EXTENSIONS = (
    "{http://camunda.org/schema/1.0/bpmn}",
    "{http://operaton.org/schema/1.0/bpmn}",
    "{http://activiti.org/bpmn}",
)
_RUNS_CODE = ("class", "expression", "delegateExpression")
_SETS = (
    "resultVariable",
    "errorCodeVariable",
    "errorMessageVariable",
    "escalationCodeVariable",
    "elementVariable",
    "initiator",
)
_LISTENERS = ("executionListener", "taskListener")
_MAPPINGS = ("variableMappingClass", "variableMappingDelegateExpression")
_FORMS = ("formKey", "formRef")
# What others send may bring variables along.
_RECEIVES = ("messageEventDefinition", "signalEventDefinition")
# What an engine finds by its key: of each kind, a deployment takes one with the same.
_DEFINED = frozenset({"process", "decision"})
_EXPRESSION = re.compile(r"[$#]\{")
_SET_BY_SCRIPT = re.compile(r"""setVariable(?:Local)?\(\s*["']([^"']+)["']""")


@dataclass(frozen=True)
class Element:
    """An element of the model that has an id, and what is inside which: its parents from the process down."""

    id: str
    parents: tuple[str, ...]

    @property
    def around(self) -> tuple[str, ...]:
        """Itself and what it is in, inner ones first."""
        return (self.id, *reversed(self.parents))


@dataclass(frozen=True)
class ExternalTaskElement(Element):
    """An external task; the topic may be an expression, that only a running instance knows."""

    topic: str

    @property
    def topic_is_known(self) -> bool:
        """Whether the model states the topic itself."""
        return _EXPRESSION.search(self.topic) is None


@dataclass(frozen=True)
class Catcher(Element):
    """An event that catches errors of an activity or of a scope.

    Args:
        of: the activity's or the scope's id.
        code: None for any error.
    """

    of: str
    code: str | None


@dataclass(frozen=True)
class Call(Element):
    """A call activity.

    Args:
        called: the process it calls, None where an expression decides.
        takes_all: it takes over all variables of what it has called.
    """

    called: str | None
    takes_all: bool = False


@dataclass(frozen=True)
class Thrower(Element):
    """What throws an error in the engine: an end event, or a task whose failure the model turns into one.

    The code is None for an element that runs code in the engine, which may throw any.
    """

    code: str | None


@dataclass(frozen=True)
class Model:
    """The facts of one file.

    Args:
        file: where they stand.
        processes: ids.
        tasks: the external tasks.
        catchers: what catches errors.
        throwers: what throws them, beside the handlers of external tasks.
        failures_to_errors: those of the throwers that are external tasks.
        calls: of other processes.
        variables: names that mappings, forms, scripts and events set.
        sets_others: ids of elements that may set variables which no name in the model stands for.
    """

    file: Path
    processes: tuple[str, ...]
    tasks: tuple[ExternalTaskElement, ...]
    catchers: tuple[Catcher, ...]
    throwers: tuple[Thrower, ...]
    failures_to_errors: tuple[Thrower, ...]
    calls: tuple[Call, ...]
    variables: frozenset[str]
    sets_others: tuple[str, ...]


def read(file: Path) -> Model:
    """Read a BPMN file.

    Raises:
        CommandError: it cannot be read, or is no BPMN.
    """
    text = content_of(file)
    try:
        root = _parsed(text)
    except _HasDoctypeError as error:
        raise CommandError(f"{file} has a DOCTYPE, which no BPMN model needs: remove it") from error
    except (ET.ParseError, LookupError, ValueError) as error:
        # The last two for encodings that are unknown, or that the parser does not know.
        raise CommandError(f"{file} is not well-formed XML: {error}") from error
    if root.tag != f"{_BPMN}definitions":
        raise CommandError(f"{file} is no BPMN 2.0 model: its first element is {root.tag}")
    return _facts(file, root)


def content_of(file: Path) -> bytes:
    """Return what a file of an engine holds.

    Raises:
        CommandError: it cannot be read, or is larger than any such file, as a device without end.
    """
    try:
        return read_up_to(file, MOST_BYTES)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except FileTooLargeError as error:
        raise CommandError(f"{error}, which no model needs") from error


class _HasDoctypeError(Exception):
    """No model needs a DOCTYPE, and it can define texts that grow without end."""


class _Builder(ET.TreeBuilder):
    """Refuses a DOCTYPE where the parser meets it, in whatever encoding it is written."""

    def doctype(self, *_: object) -> None:
        raise _HasDoctypeError


def _parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content, ET.XMLParser(target=_Builder()))  # noqa: S314 - without DOCTYPE, no entities


def keys(content: bytes) -> Iterator[str]:
    """Yield what a file of an engine defines, as ``process 'order'``; nothing for what is no such file."""
    try:
        root = _parsed(content)
    except (_HasDoctypeError, ET.ParseError, LookupError, ValueError):
        return
    for element in root:
        kind, key = _local(element), element.get("id")
        if _local(root) == "definitions" and kind in _DEFINED and key:
            yield f"{kind} {key!r}"


def _facts(file: Path, root: ET.Element) -> Model:
    codes = {each.get("id"): each.get("errorCode") for each in root.iter(f"{_BPMN}error")}
    tasks: list[ExternalTaskElement] = []
    catchers: list[Catcher] = []
    throwers: list[Thrower] = []
    failures_to_errors: list[Thrower] = []
    calls: list[Call] = []
    sets_others: list[str] = []
    for element, parents in _walk(root, ()):
        name, kind = element.get("id") or "", element.tag.removeprefix(_BPMN)
        if (topic := _external_topic(element)) is not None:
            tasks.append(ExternalTaskElement(name, parents, topic))
            failures_to_errors += (
                Thrower(name, parents, _code(each, codes))
                for each in _extensions(element, "errorEventDefinition")
            )
        if _runs_code(element, kind):
            throwers.append(Thrower(name, parents, None))
        if _runs_code(element, kind) or _is_given_variables(element, kind, parents):
            sets_others.append(name)
        if kind == "callActivity":
            calls.append(_call(element, name, parents))
        for error in element.findall(f"{_BPMN}errorEventDefinition"):
            code = _code(error, codes)
            if kind == "boundaryEvent":
                catchers.append(Catcher(name, parents, element.get("attachedToRef") or "", code))
            elif kind == "startEvent":
                # Of an event subprocess: it catches what happens in the scope around that.
                catchers.append(Catcher(name, parents, parents[-2] if len(parents) > 1 else "", code))
            elif kind == "endEvent":
                throwers.append(Thrower(name, parents, code))
    return Model(
        file,
        tuple(each.get("id") or "" for each in root.findall(f"{_BPMN}process")),
        tuple(tasks),
        tuple(catchers),
        (*throwers, *failures_to_errors),
        tuple(failures_to_errors),
        tuple(calls),
        frozenset(_variables(root)),
        tuple(sets_others),
    )


def _code(definition: ET.Element, codes: Mapping[str | None, str | None]) -> str | None:
    reference = definition.get("errorRef")
    # As the engine does: a reference to no error of the file is taken as the code itself.
    return codes.get(reference, reference)


def _call(element: ET.Element, name: str, parents: tuple[str, ...]) -> Call:
    called = element.get("calledElement") or ""
    takes_all = any(_own(each, "variables") == "all" for each in _extensions(element, "out"))
    return Call(name, parents, None if not called or _EXPRESSION.search(called) else called, takes_all)


def _runs_code(element: ET.Element, kind: str) -> bool:
    """Whether an element runs a script, Java or an expression in the engine, or has a listener that does."""
    if _external_topic(element) is None:
        if kind == "scriptTask" or (kind == "serviceTask" and _own(element, "type")):
            return True
        implemented = (element, *element.findall(f"{_BPMN}messageEventDefinition"))
        if any(_own(each, name) for each in implemented for name in _RUNS_CODE):
            return True
    return any(_extensions(element, name) for name in _LISTENERS)


def _is_given_variables(element: ET.Element, kind: str, parents: tuple[str, ...]) -> bool:
    """Whether people, messages or code of a mapping may bring variables that the model does not name."""
    if kind == "userTask":
        # Without a form of named fields, the person who completes the task may set any variable.
        return any(_own(element, name) for name in _FORMS) or not _extensions(element, "formData")
    if kind == "startEvent" and any(_own(element, name) for name in _FORMS):
        return True
    if kind == "callActivity":
        return any(_own(element, name) for name in _MAPPINGS)
    is_inner_start = kind == "startEvent" and len(parents) > 1
    if kind in {"intermediateCatchEvent", "boundaryEvent"} or is_inner_start:
        return any(_local(each) in _RECEIVES for each in element)
    return kind == "receiveTask"


def _extensions(element: ET.Element, name: str) -> list[ET.Element]:
    """Return the engines' own elements of a name in an element, not in those inside of it."""
    return [
        each
        for extensions in element.findall(f"{_BPMN}extensionElements")
        for each in extensions
        if _local(each) == name
    ]


def _walk(parent: ET.Element, parents: tuple[str, ...]) -> Iterator[tuple[ET.Element, tuple[str, ...]]]:
    # With a list of its own: how deep the model is, another decides.
    waiting = [(iter(parent), parents)]
    while waiting:
        children, around = waiting[-1]
        element = next(children, None)
        if element is None:
            waiting.pop()
            continue
        yield element, around
        name = element.get("id")
        inside = _local(element) in {"process", "subProcess", "transaction", "adHocSubProcess"}
        # A message event states its topic in its definition, one level down.
        if inside or any(_own(each, "topic") for each in element):
            waiting.append((iter(element), (*around, name) if name else around))


def _external_topic(element: ET.Element) -> str | None:
    return (_own(element, "topic") or "") if _own(element, "type") == "external" else None


def _variables(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        yield from (value for name in _SETS if (value := _own(element, name)))
        kind = _local(element)
        if kind in {"inputParameter", "outputParameter"}:
            yield element.get("name") or ""
        elif kind == "formField":
            yield element.get("id") or ""
        elif kind in {"in", "out"}:
            yield element.get("target") or ""
        elif kind == "inputDataItem":
            yield element.get("name") or ""
        elif kind == "script":
            yield from _SET_BY_SCRIPT.findall(element.text or "")
    if any(_local(each) == "multiInstanceLoopCharacteristics" for each in root.iter()):
        yield from ("loopCounter", "nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")


def _own(element: ET.Element, name: str) -> str | None:
    """Return an attribute of the engines'; elements of their own write it without a namespace."""
    attributes: Mapping[str, str] = element.attrib
    if not element.tag.startswith(_BPMN) and name in attributes:
        return attributes[name]
    return next((attributes[space + name] for space in _EXTENSIONS if space + name in attributes), None)


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
