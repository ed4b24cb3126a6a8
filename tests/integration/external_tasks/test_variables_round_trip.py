from datetime import UTC, datetime
from typing import Any

import pytest
from external_tasks import File, Task, Typed
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
