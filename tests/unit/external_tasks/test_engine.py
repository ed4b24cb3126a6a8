"""The engine client against a server that answers as the engine does."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from external_tasks import (
    BadRequest,
    BasicAuth,
    BearerAuth,
    CredentialsUnavailable,
    DeployedDefinition,
    EngineClient,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineServerError,
    EngineUnauthorized,
    EngineUnreachable,
    ExternalTask,
    LockLost,
    NotFound,
    OptimisticLockingConflict,
    TaskSuspended,
    TopicSubscription,
    UnusableResponse,
    VariableError,
)
from support.http_stub import Answer, HttpStub, http_stub

FETCHED = {
    "id": "t1",
    "topicName": "mail",
    "workerId": "pod:1",
    "retries": None,
    "priority": 5,
    "businessKey": "R1",
    "processInstanceId": "p1",
    "executionId": "e1",
    "activityId": "Task_Mail",
    "lockExpirationTime": "2026-01-02T03:04:05.678+0000",
    "variables": {"email": {"type": "String", "value": "a@b.c", "valueInfo": {}}},
    "somethingNew": 1,
}


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.fixture
def client(stub: HttpStub) -> Iterator[EngineClient]:
    with EngineClient(stub.url, auth=BasicAuth("worker", "secret"), timeout=5) as client:
        yield client


def engine_error(message: str, kind: str = "RestException", code: int | None = None) -> dict[str, Any]:
    return {"type": kind, "message": message, "code": code}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, engine_error("Cannot convert value"), BadRequest),
        (400, engine_error("… cannot be completed by worker 'a'. It is locked by worker 'b'."), LockLost),
        (400, engine_error("Cannot extend a lock that expired"), LockLost),
        (400, engine_error("ENGINE-03043 ExternalTask with id 'x' is suspended."), TaskSuspended),
        (401, b"", EngineUnauthorized),
        (403, engine_error("The user does not have 'UPDATE' permission"), EngineForbidden),
        (404, engine_error("Cannot find external task with id x"), NotFound),
        (404, b"<html>Not Found</html>", UnusableResponse),
        (404, b"", UnusableResponse),
        (404, {"status": 404, "error": "Not Found"}, UnusableResponse),
        (404, {"type": "NotFound"}, UnusableResponse),
        (404, b"[" * 5000, UnusableResponse),
        (400, b"<html>Bad Request</html>", UnusableResponse),
        (400, b"It is locked by worker", UnusableResponse),
        (500, b"<html>is suspended</html>", UnusableResponse),
        (409, b"", UnusableResponse),
        (409, engine_error("conflict"), EngineError),
        (200, b"", UnusableResponse),
        (200, b"<html>Please log in</html>", UnusableResponse),
        (500, engine_error("ENGINE-03005", "OptimisticLockingException", 1), OptimisticLockingConflict),
        (500, engine_error("anything", "ProcessEngineException", 1), OptimisticLockingConflict),
        (
            500,
            engine_error(
                "Execution with id 'x' does not have a subscription to a message event with name 'y': z"
            ),
            OptimisticLockingConflict,
        ),
        (500, engine_error("execution x doesn't exist: execution is null"), OptimisticLockingConflict),
        (
            500,
            engine_error(
                'Cannot invoke "org.camunda.ExecutionEntity.getProcessInstance()" because "execution" is null'
            ),
            OptimisticLockingConflict,
        ),
        (
            500,
            engine_error(
                'Cannot invoke "ExecutionEntity.getProcessDefinition()" because the return value of '
                '"org.operaton.bpm.engine.EventSubscriptionEntity.getExecution()" is null'
            ),
            OptimisticLockingConflict,
        ),
        (500, engine_error("Unknown property used in expression"), EngineServerError),
        (500, engine_error('Cannot invoke "String.length()" because "name" is null'), EngineServerError),
        (
            500,
            engine_error("At the moment the server has to handle too many requests at the same time."),
            EngineOverloaded,
        ),
        (500, engine_error("Request rejected due to shutdown of application server."), EngineOverloaded),
        (429, b"", EngineOverloaded),
        (502, b"<html>", EngineOverloaded),
        (503, b"", EngineOverloaded),
        (501, b"[]", UnusableResponse),
        (404, {"type": "about:blank", "title": "Not Found", "message": "no route"}, UnusableResponse),
        (404, {"type": "https://gateway/errors/404", "message": "no route"}, UnusableResponse),
        (404, {"type": "", "message": "gone"}, UnusableResponse),
        (404, {"type": "RestException", "message": {"text": "gone"}}, UnusableResponse),
        (404, {"type": "RestException"}, UnusableResponse),
        (404, engine_error("HTTP 404 Not Found", "NotFoundException"), UnusableResponse),
        (400, {"type": "error", "message": ["no"]}, UnusableResponse),
        (400, engine_error("No process engine available", "InvalidRequestException"), UnusableResponse),
        (404, {"type": "RestException", "message": None}, NotFound),
        (501, engine_error("not here"), EngineServerError),
        (418, b"", UnusableResponse),
        (302, b"", UnusableResponse),
    ],
)
def test_each_answer_has_its_error(
    client: EngineClient, stub: HttpStub, status: int, body: Any, error: type[EngineError]
) -> None:
    stub.answer(Answer(status, body))

    with pytest.raises(EngineError) as caught:
        client.complete("t1", "pod:1")

    assert type(caught.value) is error
    assert caught.value.status == status
    assert "/external-task/t1/complete" in str(caught.value)


def test_an_error_has_the_engines_words_and_name_but_not_all_of_a_long_text(
    client: EngineClient, stub: HttpStub
) -> None:
    stub.answer(Answer(500, engine_error("x" * 5000, "SomeException")))

    with pytest.raises(EngineServerError, match="xxx") as caught:
        client.get("/engine")

    assert caught.value.kind == "SomeException"
    assert len(str(caught.value)) == 666


def test_a_wrong_password_says_what_to_check_and_not_the_password(
    client: EngineClient, stub: HttpStub
) -> None:
    stub.answer(Answer(401))

    with pytest.raises(EngineUnauthorized, match="check user and password") as caught:
        client.get("/engine")

    assert "secret" not in f"{caught.value!r} {client!r}"


def test_an_answer_that_is_not_json_names_the_url(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(200, b"<html>Welcome</html>"))

    with pytest.raises(EngineError, match="/engine-rest"):
        client.get("/engine")


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(EngineUnreachable, match="refused") as caught:
        EngineClient(f"http://127.0.0.1:{port}/engine-rest").get("/engine")

    assert caught.value.status is None


def test_an_answer_that_takes_too_long_is_unreachable(stub: HttpStub) -> None:
    held = threading.Event()
    stub.answer(Answer(delay=held))

    with EngineClient(stub.url, timeout=0.1) as client, pytest.raises(EngineUnreachable, match="timed out"):
        client.get("/engine")
    held.set()


def test_a_fetch_waits_longer_than_the_engine_holds_it(stub: HttpStub) -> None:
    held = threading.Event()
    stub.answer(Answer(body=[], delay=held))
    threading.Timer(0.3, held.set).start()

    with EngineClient(stub.url, timeout=0.1) as client:
        assert client.fetch_and_lock("pod:1", [TopicSubscription("mail")], 1, wait_ms=5000) == []

    assert stub.requests[0].json["asyncResponseTimeout"] == 5000


def test_connections_are_kept(client: EngineClient, stub: HttpStub) -> None:
    for _ in range(5):
        client.get("/engine")

    assert len({request.connection for request in stub.requests}) == 1


def test_a_connection_that_the_server_has_closed_fails_no_call_that_may_be_repeated(
    client: EngineClient, stub: HttpStub
) -> None:
    stub.answer(Answer(body=[]), Answer(hang_up=True), Answer(204))
    client.get("/engine")

    client.complete("t1", "pod:1")

    assert [request.method for request in stub.requests] == ["GET", "POST", "POST"]


def test_a_call_that_must_not_be_repeated_is_not(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body=[]), Answer(hang_up=True))
    client.get("/engine")

    with pytest.raises(EngineUnreachable):
        client.start("Order")

    assert len(stub.requests) == 2


def test_a_call_is_repeated_once_only(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(hang_up=True), Answer(hang_up=True), Answer(204))

    with pytest.raises(EngineUnreachable):
        client.complete("t1", "pod:1")

    assert len(stub.requests) == 2


def test_callers_beyond_the_pool_wait_and_then_hear_why(stub: HttpStub) -> None:
    held = threading.Event()
    stub.answer(Answer(body=[], delay=held))
    with EngineClient(stub.url, timeout=5, pool_size=1) as client:
        busy = threading.Thread(target=client.get, args=("/slow",))
        busy.start()
        while not stub.requests:
            threading.Event().wait(0.01)
        with pytest.raises(EngineUnreachable, match="all 1 connections are busy"):
            client.post("/engine", timeout=0.05)
        client.reserve_connections(2)
        client.get("/engine")
        held.set()
        busy.join(5)


def test_credentials_and_query_are_sent(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body={"count": 3}))

    assert client.count_external_tasks(topicName="mail", notLocked=True, workerId=None, ids=["a", "b"]) == 3

    (request,) = stub.requests
    assert request.target == "/engine-rest/external-task/count?topicName=mail&notLocked=true&ids=a%2Cb"
    assert request.headers["Authorization"] == "Basic d29ya2VyOnNlY3JldA=="


def test_a_fetch_asks_for_all_topics_and_reads_what_it_gets(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body=[FETCHED]))

    (task,) = client.fetch_and_lock(
        "pod:1", [TopicSubscription("mail", 5000), TopicSubscription("room")], 4, use_priority=True
    )

    assert stub.requests[0].json == {
        "workerId": "pod:1",
        "maxTasks": 4,
        "usePriority": True,
        "topics": [
            {"topicName": "mail", "lockDuration": 5000},
            {"topicName": "room", "lockDuration": 60000},
        ],
    }
    assert (task.id, task.topic, task.priority, task.business_key) == ("t1", "mail", 5, "R1")
    assert task.lock_expires_at is not None
    assert task.lock_expires_at.isoformat() == "2026-01-02T03:04:05.678000+00:00"


def test_outcomes_are_written_as_the_engine_reads_them(client: EngineClient, stub: HttpStub) -> None:
    client.complete("t/1", "pod:1", {"a": 1}, {"b": True})
    client.failure(
        "t1", "pod:1", message="no", details="trace", retries=2, retry_timeout_ms=1500, variables={"d": "x"}
    )
    client.bpmn_error("t1", "pod:1", "CODE", "why", {"c": None})
    client.extend_lock("t1", "pod:1", 1000)
    client.lock("t1", "pod:1", 2000)
    client.unlock("t1")
    client.set_retries("t1", 1)

    assert [(request.target.removeprefix("/engine-rest/external-task"), request.body and request.json)
            for request in stub.requests] == [
        (
            "/t%2F1/complete",
            {
                "workerId": "pod:1",
                "variables": {"a": {"value": 1, "type": "Integer"}},
                "localVariables": {"b": {"value": True, "type": "Boolean"}},
            },
        ),
        (
            "/t1/failure",
            {
                "workerId": "pod:1",
                "errorMessage": "no",
                "errorDetails": "trace",
                "retries": 2,
                "retryTimeout": 1500,
                "variables": {"d": {"value": "x", "type": "String"}},
            },
        ),
        (
            "/t1/bpmnError",
            {
                "workerId": "pod:1",
                "errorCode": "CODE",
                "errorMessage": "why",
                "variables": {"c": {"value": None, "type": "Null"}},
            },
        ),
        ("/t1/extendLock", {"workerId": "pod:1", "newDuration": 1000}),
        ("/t1/lock", {"workerId": "pod:1", "lockDuration": 2000}),
        ("/t1/unlock", b""),
        ("/t1/retries", {"retries": 1}),
    ]  # fmt: skip


def test_a_value_without_a_form_is_refused_before_anything_is_sent(
    client: EngineClient, stub: HttpStub
) -> None:
    with pytest.raises(VariableError, match="'price'"):
        client.complete("t1", "pod:1", {"price": object()})

    assert stub.requests == []


def test_an_instance_is_started_by_key(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body={"id": "p1"}))

    assert client.start("Order", {"a": 1}, business_key="R1") == "p1"
    assert stub.requests[0].json == {
        "variables": {"a": {"value": 1, "type": "Integer"}},
        "businessKey": "R1",
    }


def test_resources_are_deployed_as_a_form(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(
        Answer(
            body={
                "id": "d1",
                "name": "hotel",
                "deployedProcessDefinitions": {"B:2:x": {"id": "B:2:x", "key": "B", "version": 2}},
            }
        ),
        Answer(body={"id": "d1", "name": "hotel", "deployedProcessDefinitions": None}),
    )

    first = client.deploy("hotel", {"b.bpmn": b"<xml/>"})
    second = client.deploy("hotel", {"b.bpmn": b"<xml/>"}, changed_only=False)

    assert first.definitions == (DeployedDefinition("B:2:x", "B", 2),)
    assert second.definitions == ()
    form = stub.requests[0].body
    assert b'name="deploy-changed-only"\r\n\r\ntrue' in form
    assert b'name="b.bpmn"; filename="b.bpmn"' in form
    assert b"<xml/>" in form
    assert b'name="enable-duplicate-filtering"\r\n\r\nfalse' in stub.requests[1].body


def variable(number: int, scope: str, execution: str = "e0") -> dict[str, str]:
    return {"id": f"v{number}", "activityInstanceId": scope, "executionId": execution}


TASK = ExternalTask(
    "t1", "mail", "pod:1", {}, process_instance_id="p1", execution_id="e2", activity_instance_id="task:1"
)
FILE = Answer(body=b"%PDF", headers={"Content-Disposition": "attachment; filename=bill.pdf"})
TREE = {
    "id": "p1",
    "childActivityInstances": [
        {"id": "other:1", "childActivityInstances": []},
        {"id": "sub:1", "childActivityInstances": [{"id": "task:1", "childActivityInstances": []}]},
    ],
}


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ([variable(1, "p1")], "v1"),
        ([variable(1, "p1"), variable(2, "task:1")], "v2"),
        ([variable(2, "task:1"), variable(1, "p1")], "v2"),
        ([variable(1, "p1"), variable(2, "sub:1"), variable(3, "other:1")], "v2"),
        ([variable(1, "p1"), variable(2, "sub:1"), variable(3, "elsewhere", "e2")], "v3"),
    ],
)
def test_a_file_comes_from_the_innermost_scope_around_the_task(
    client: EngineClient, stub: HttpStub, found: list[dict[str, str]], chosen: str
) -> None:
    stub.answer(Answer(body=found), *[Answer(body=TREE)] * (len(found) > 1), FILE)

    assert client.file_variable(TASK, "my/bill") == b"%PDF"
    assert stub.requests[0].json == {"processInstanceIdIn": ["p1"], "variableName": "my/bill"}
    assert stub.requests[-1].target == f"/engine-rest/variable-instance/{chosen}/data"


def test_a_login_page_is_not_taken_for_a_file(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body=[variable(1, "p1")]), Answer(body=b"<html>Please log in</html>"))

    with pytest.raises(UnusableResponse, match="without a file's name"):
        client.file_variable(TASK, "bill")


@pytest.mark.parametrize("found", [[], [variable(1, "other:1"), variable(2, "other:1")]])
def test_a_file_that_no_scope_around_the_task_has_is_not_found(
    client: EngineClient, stub: HttpStub, found: list[dict[str, str]]
) -> None:
    stub.answer(Answer(body=found), Answer(body=TREE))

    with pytest.raises(NotFound, match="no file variable 'bill' is visible"):
        client.file_variable(TASK, "bill")


@pytest.mark.parametrize(
    ("answers", "suspended"),
    [
        ([[]], False),
        ([[{"id": "p2", "suspended": True}]], True),
        ([[{"id": "p2", "suspended": False}], []], False),
        ([[{"id": "p2", "suspended": False}], [{"id": "p3", "suspended": True}]], True),
        ([[{"id": "p1", "suspended": False}]] * 100, False),
    ],
)
def test_suspended_callers_are_found_at_any_distance(
    client: EngineClient,
    stub: HttpStub,
    answers: list[Any],
    suspended: bool,  # noqa: FBT001 - the expectation
) -> None:
    stub.answer(*[Answer(body=body) for body in answers])

    assert client.has_suspended_caller("p1") is suspended


def test_an_answer_in_another_form_is_unusable(client: EngineClient, stub: HttpStub) -> None:
    calls: list[tuple[Any, Callable[[], object]]] = [
        ({"tasks": []}, lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ({}, lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ("", lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ([{"id": "t1"}], lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ([FETCHED | {"id": ""}], lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ([FETCHED | {"variables": [1]}], lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ([FETCHED | {"retries": "3"}], lambda: client.fetch_and_lock("w", [TopicSubscription("t")], 1)),
        ([], client.count_external_tasks),
        ({"count": None}, client.count_external_tasks),
        ({"count": "0"}, client.count_external_tasks),
        ({"count": 0.5}, client.count_external_tasks),
        ({"count": False}, client.count_external_tasks),
        ({"count": -1}, client.count_external_tasks),
        ({"count": 10**20}, client.count_external_tasks),
        ("tasks", client.external_tasks),
        ({}, client.external_tasks),
        ({}, lambda: client.has_suspended_caller("p1")),
        (None, lambda: client.start("Order")),
        ([], lambda: client.deploy("d", {})),
    ]
    for body, call in calls:
        stub.answer(Answer(body=body))
        with pytest.raises(UnusableResponse, match="has not the form"):
            call()


@pytest.mark.parametrize("error", [OSError("no route to the identity provider"), KeyError("token")])
def test_credentials_that_cannot_be_had_are_an_error_of_the_engine_client(
    stub: HttpStub, error: Exception
) -> None:
    def token() -> str:
        raise error

    client = EngineClient(stub.url, auth=BearerAuth(token))
    with pytest.raises(CredentialsUnavailable, match="BearerAuth gave no credentials") as caught:
        client.get("/engine")
    assert caught.value.__cause__ is error
    assert stub.requests == []


@pytest.mark.parametrize("token", ["a\nX-Evil: 1", "Zoë", "", None, 7])
def test_a_token_that_no_header_can_carry_is_not_sent(stub: HttpStub, token: Any) -> None:
    client = EngineClient(stub.url, auth=BearerAuth(lambda: token))
    with pytest.raises(CredentialsUnavailable) as caught:
        client.get("/engine")
    assert "Evil" not in str(caught.value)
    assert stub.requests == []


def test_a_query_is_in_no_message(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(503), Answer(hang_up=True), Answer(hang_up=True))
    for _ in range(2):
        with pytest.raises(EngineError) as caught:
            client.get("/variable-instance", {"variableValues": "email_eq_zoe@example.com"})
        assert "zoe" not in str(caught.value)


def test_a_client_that_was_made_before_a_fork_uses_connections_of_its_own(
    client: EngineClient, stub: HttpStub
) -> None:
    """Two processes on one socket would read each other's answers."""
    client.get("/engine")
    child = os.fork()
    if child == 0:
        client.get("/child")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    client.get("/engine")

    first, of_child, second = stub.requests
    assert of_child.target.endswith("/child")
    assert first.connection == second.connection != of_child.connection


def test_tasks_are_listed_in_pages(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(body=[{"id": "t1"}]))

    assert client.external_tasks(first=10, limit=5, topicName="mail") == [{"id": "t1"}]
    (request,) = stub.requests
    assert request.target == "/engine-rest/external-task?firstResult=10&maxResults=5"
    assert request.json == {"topicName": "mail"}


def test_the_other_verbs_send_and_read_json(client: EngineClient, stub: HttpStub) -> None:
    stub.answer(Answer(204), Answer(body={"a": 1}))

    assert client.put("/x", {"suspended": True}) is None
    assert client.delete("/x", {"skip": False}) == {"a": 1}
    assert [(request.method, request.target) for request in stub.requests] == [
        ("PUT", "/engine-rest/x"),
        ("DELETE", "/engine-rest/x?skip=false"),
    ]
