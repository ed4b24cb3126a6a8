"""The programs in docs/worker.md do what they are said to do."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import external_tasks
import pytest
from external_tasks import Worker
from external_tasks.metrics import Metrics

DOCUMENT = (Path(__file__).parents[3] / "docs" / "worker.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", DOCUMENT, flags=re.DOTALL)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The document's worker as the module that its tests import; it does not run."""
    module = ModuleType("shop")
    monkeypatch.setenv("ENGINE_PASSWORD", "secret")
    monkeypatch.setattr(Worker, "run", property(lambda _: int))
    exec(PROGRAMS[0], module.__dict__)  # noqa: S102 - our own document
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "shop", module)
    return module


def test_a_worker_takes_no_more_than_fifteen_lines() -> None:
    assert len([line for line in PROGRAMS[0].splitlines() if line.strip()]) <= 15


def test_the_tests_of_the_document_pass(shop: ModuleType) -> None:
    names: dict[str, Any] = {}
    exec(PROGRAMS[-1], names)  # noqa: S102 - our own document

    tests = [test for name, test in names.items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


def test_the_policy_of_the_document_is_the_default() -> None:
    names: dict[str, Any] = {}
    exec(PROGRAMS[1], names)  # noqa: S102 - our own document

    assert names["policy"] == external_tasks.RetryPolicy()


def test_every_metric_is_in_the_document() -> None:
    kinds = {"counter": "_total"}
    for family in Metrics().registry.collect():
        name = family.name.removeprefix("external_task_worker_") + kinds.get(family.type, "")
        assert f"`{name}`" in DOCUMENT, name


def test_every_public_name_exists() -> None:
    assert all(hasattr(external_tasks, name) for name in external_tasks.__all__)
    assert list(external_tasks.__all__) == sorted(external_tasks.__all__, key=lambda n: (n.upper() != n, n))
