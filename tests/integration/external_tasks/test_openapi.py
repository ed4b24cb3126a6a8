"""Every request of the engine's client is one that the engine itself describes."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from external_tasks import EngineClient, EngineError, ExternalTask, File, TopicSubscription, Typed
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.engine.rest import RestClient
from external_tasks.testing import FakeEngine
from support.http_stub import Answer, HttpStub, http_stub
from support.openapi import Surface, engine_openapi

VARIABLES = {"text": "a", "number": 1, "json": {"a": [1]}, "file": File("a", b"b"), "long": Typed(1, "Long")}
TOPIC = TopicSubscription(
    "topic", 1000, variables=("a",), local_variables=True, business_key="R1",
    process_definition_keys=("P",), process_definition_ids=("P:1",), process_definition_version_tag="v1",
    process_variables={"a": "b"}, tenant_ids=("t",), extension_properties=True,
)  # fmt: skip
TASK = ExternalTask(
    "t", "topic", "w", {}, process_instance_id="i", execution_id="e", activity_instance_id="a"
)
ROW = {"id": "v", "activityInstanceId": "a", "executionId": "x"}

CALLS: dict[str, Callable[[Any], object]] = {
    "fetch_and_lock": lambda e: e.fetch_and_lock(
        "w", [TOPIC, TopicSubscription("other", without_tenant=True)], 5, wait_ms=100, use_priority=True,
        oldest_first=True,
    ),
    "complete": lambda e: e.complete("t", "w", VARIABLES, VARIABLES),
    "failure": lambda e: e.failure(
        "t", "w", message="m", details="d", retries=1, retry_timeout_ms=5, variables=VARIABLES
    ),
    "bpmn_error": lambda e: e.bpmn_error("t", "w", "CODE", "m", VARIABLES),
    "extend_lock": lambda e: e.extend_lock("t", "w", 5),
    "lock": lambda e: e.lock("t", "w", 5),
    "unlock": lambda e: e.unlock("t"),
    "set_retries": lambda e: e.set_retries("t", 3),
    "external_tasks": lambda e: e.external_tasks(first=1, limit=5, topicName="t", locked=True),
    "count_external_tasks": lambda e: e.count_external_tasks(
        topicName="topic", notLocked=True, withRetriesLeft=True, active=True
    ),
    "has_suspended_caller": lambda e: e.has_suspended_caller("i"),
    "file_variable": lambda e: e.file_variable(TASK, "bill"),
    "correlate": lambda e: e.correlate(
        "m", business_key="R1", process_instance_id="i", correlation_keys={"a": 1}, variables=VARIABLES,
        tenant_id="t",
    ),
    "signal": lambda e: e.signal("s", variables=VARIABLES, tenant_id="t"),
    "was_ever_set": lambda e: e.was_ever_set("a"),
    "start": lambda e: e.start("P", VARIABLES, business_key="R1"),
    "deploy": lambda e: e.deploy("d", {"a.bpmn": b"<a/>"}),
}  # fmt: skip
ANSWERS = {
    "has_suspended_caller": [Answer(body=[{"id": "a", "suspended": False}]), Answer(body=[])],
    "file_variable": [
        Answer(body=[ROW, {**ROW, "activityInstanceId": "root"}]),
        Answer(body={"id": "root", "childActivityInstances": [{"id": "a"}]}),
        Answer(body=b"content"),
    ],
}


@pytest.fixture(scope="module")
def surface() -> Surface:
    return Surface(engine_openapi())


def test_every_verb_is_checked_below() -> None:
    verbs = {name for name, _ in inspect.getmembers(EngineClient, inspect.isfunction) if name[0] != "_"}
    plain = {name for name, _ in inspect.getmembers(RestClient, inspect.isfunction)}

    assert verbs - plain == set(CALLS)


def test_the_in_memory_engine_takes_what_the_client_takes() -> None:
    verbs = {name for name, _ in inspect.getmembers(ExternalTaskEngine, inspect.isfunction) if name[0] != "_"}
    for verb in sorted(verbs & set(CALLS) | {"set_retries"}):
        client, fake = (
            [(p.name, p.kind, p.default) for p in inspect.signature(getattr(kind, verb)).parameters.values()]
            for kind in (EngineClient, FakeEngine)
        )
        assert client == fake, verb


@pytest.mark.parametrize("verb", CALLS)
def test_the_engine_describes_each_request(surface: Surface, verb: str) -> None:
    with http_stub() as stub, EngineClient(stub.url) as client:
        stub.answer(*ANSWERS.get(verb, []))
        _call(client, verb)
        assert _problems(surface, stub) == []


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/external-task/fetchAndLok", b"{}"),
        ("POST", "/external-task/fetchAndLock", b'{"workerId": 5, "maxTasks": 1}'),
        ("POST", "/external-task/fetchAndLock", b'{"workerId": "w", "maxTasks": 1, "sortings": []}'),
        ("POST", "/external-task/t/complete", b'{"workerId": "w", "variables": {"a": {"kind": "x"}}}'),
        ("GET", "/external-task/count?topic=a", b""),
        ("GET", "/external-task/count?locked=yes", b""),
    ],
)
def test_a_mistake_would_be_seen(surface: Surface, method: str, target: str, body: bytes) -> None:
    assert surface.problems(method, target, body) != []


def _call(client: EngineClient, verb: str) -> None:
    try:
        CALLS[verb](client)
    except EngineError:
        """The stub's answer is not the engine's; its request counts."""


def _problems(surface: Surface, stub: HttpStub) -> list[str]:
    assert stub.requests
    return [
        f"{request.method} {request.target}: {problem}"
        for request in stub.requests
        for problem in surface.problems(
            request.method,
            request.target.removeprefix("/engine-rest"),
            b"" if b"Content-Disposition" in request.body else request.body,
        )
    ]
