from datetime import UTC, datetime
from typing import Any

import pytest
from external_tasks import File, RetryPolicy, Task, Typed, encode
from support.fixtures import NewWorker

VALUES: dict[str, Any] = {
    "text": "Zoë שלום 😀",
    "empty": "",
    "flag": True,
    "small": -7,
    "large": 2**40,
    "price": 89.5,
    "nothing": None,
    "moment": datetime(2026, 11, 23, 17, 4, 5, 123000, UTC),
    "order": {"rooms": [1, 2.5, None, True], "guest": {"name": "Zoë"}},
    "names": ["a", "b"],
    "raw": bytes(range(256)),
}


def test_every_type_survives_the_way_there_and_back(probe: Any, new_worker: NewWorker) -> None:
    seen: dict[str, Any] = {}
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> dict[str, Any]:
        if "again" in task.variables:
            seen.update(task.variables)
            return {}
        return {"again": True} | VALUES

    first = probe.start(VALUES)
    worker.run(once=True)
    again = {
        name: {"value": variable["value"], "type": variable["type"], "valueInfo": variable["valueInfo"]}
        for name, variable in (
            (row["name"], row)
            for row in probe.client.get(
                "/history/variable-instance",
                {"processInstanceId": first, "deserializeValues": False},
            )
        )
        if variable["type"] not in {"Bytes", "File"}
    }
    probe.client.post(f"/process-definition/key/{probe.key}/start", {"variables": again})
    second = new_worker()
    second.include(worker)
    second.run(once=True)

    expected = {name: value for name, value in VALUES.items() if name != "raw"} | {"again": True}
    assert seen == expected


def test_a_handler_sees_what_the_process_was_started_with(probe: Any, new_worker: NewWorker) -> None:
    seen: dict[str, Any] = {}
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        seen.update(task.variables)

    probe.start(VALUES)
    worker.run(once=True)

    assert seen == VALUES


def test_types_can_be_forced(probe: Any, new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.task(probe.key)(lambda: {"number": Typed(7, "Long"), "short": Typed(3, "Short")})
    instance = probe.start()
    worker.run(once=True)

    rows = probe.client.get("/history/variable-instance", {"processInstanceId": instance})
    types = {row["name"]: row["type"] for row in rows}
    assert types == {"number": "Long", "short": "Short"}


def test_a_file_is_read_from_the_engine(probe: Any, new_worker: NewWorker) -> None:
    content = bytes(range(256)) * 100
    seen: dict[str, Any] = {}
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        seen["file"], seen["content"] = task.variables["bill"], task.read_file("bill")

    probe.start({"bill": File("bill.pdf", content, "application/pdf")})
    worker.run(once=True)

    assert seen == {"file": File("bill.pdf", None, "application/pdf"), "content": content}


@pytest.mark.parametrize("name", ["bill", "my/bill ü;x", "..", "a?b#c%2F"])
def test_the_file_that_is_read_is_the_one_that_the_task_sees(
    probe: Any, new_worker: NewWorker, name: str
) -> None:
    """The process and the task have a file of one name: the task's own is in front of the other."""
    contents: list[bytes] = []
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        contents.append(task.read_file(name))

    probe.start({name: File("process.txt", b"of the process")})
    (task,) = probe.client.external_tasks(topicName=probe.key)
    local = encode({name: File("task.txt", b"of the task", "text/plain", "UTF-8")})
    probe.client.post(f"/execution/{task['executionId']}/localVariables", {"modifications": local})
    probe.start({name: File("process.txt", b"of another process")})
    worker.run(once=True)

    assert sorted(contents) == [b"of another process", b"of the task"]


def test_a_files_encoding_is_kept(probe: Any, new_worker: NewWorker) -> None:
    seen: list[Any] = []
    worker = new_worker()

    @worker.task(probe.key)
    def handle(bill: File) -> None:
        seen.append(bill)

    probe.start({"bill": File("bill.txt", b"x", "text/plain", "UTF-8")})
    worker.run(once=True)

    assert seen == [File("bill.txt", None, "text/plain", "UTF-8")]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("😀" * 2500, "variable 'note': a String holds up to 4000 characters"),
        (Typed("x" * 4001, "String"), "variable 'note': a String holds up to 4000 characters"),
        (Typed("secret", "Integer"), "Cannot convert value '…' of type 'Integer'"),
    ],
)
def test_a_value_that_the_engine_cannot_store_is_named_and_not_shown(
    probe: Any, new_worker: NewWorker, value: Any, complaint: str
) -> None:
    worker = new_worker(retry=RetryPolicy(retries=0))
    worker.task(probe.key)(lambda: {"note": value})
    instance = probe.start()
    worker.run(once=True)

    (incident,) = probe.client.get("/incident", {"processInstanceId": instance})
    assert complaint in incident["incidentMessage"]
    assert "note" in incident["incidentMessage"]
    (task,) = probe.client.external_tasks(topicName=probe.key)
    details = probe.client.get_bytes(f"/external-task/{task['id']}/errorDetails").decode()
    assert "secret" not in incident["incidentMessage"] + details


def test_the_longest_texts_are_stored(probe: Any, new_worker: NewWorker) -> None:
    texts = {"emoji": "😀" * 2000, "letters": "é" * 4000}
    worker = new_worker()
    worker.task(probe.key)(lambda: texts)
    instance = probe.start()
    worker.run(once=True)

    assert probe.variables(instance) == texts


@pytest.mark.parametrize(("handler_variables", "fetched"), [(None, {"a", "b"}), (["a"], {"a"}), ([], set())])
def test_only_the_variables_asked_for_are_fetched(
    probe: Any, new_worker: NewWorker, handler_variables: list[str] | None, fetched: set[str]
) -> None:
    seen: set[str] = set()
    worker = new_worker()

    @worker.task(probe.key, variables=handler_variables)
    def handle(task: Task) -> None:
        seen.update(task.variables)

    probe.start({"a": 1, "b": 2})
    worker.run(once=True)

    assert seen == fetched
