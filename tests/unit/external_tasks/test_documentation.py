"""The programs in docs/worker.md and docs/migration.md do what they are said to do."""

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import external_tasks
import pytest
from external_tasks import (
    BpmnError,
    Complete,
    EngineClient,
    Failure,
    OAuth2ClientCredentials,
    TaskRouter,
    Worker,
    errors,
)
from external_tasks.handlers import outcomes
from external_tasks.results import RESULTS_TABLE
from external_tasks.runtime.metrics import Metrics
from external_tasks.testing import FakeEngine, run_task

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = (DOCS / "worker.md").read_text()
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROGRAMS = PROGRAM.findall(DOCUMENT)
MIGRATION = PROGRAM.findall((DOCS / "migration.md").read_text())
# By what is in one of them only; each has a test here.
RUN = (
    "ENGINE_PASSWORD",
    "track-parcel",
    "def note_seconds",
    "once(",
    "confirm-payment",
    "policy = RetryPolicy",
    "CircuitBreaker(",
    "OAuth2ClientCredentials(",
    "Annotated[Invoice, AllVariables]",
    "from shop import",
)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The document's worker as the module that its tests import: without a password, and without running."""
    module = ModuleType("shop")
    monkeypatch.delenv("ENGINE_PASSWORD", raising=False)
    exec(PROGRAMS[0], module.__dict__)  # noqa: S102 - our own document
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


def test_the_client_of_the_document_asks_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "hidden")
    (program,) = [program for program in PROGRAMS if "OAuth2ClientCredentials" in program]
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - our own document

    assert "hidden" not in repr(names["auth"])


def test_the_effect_of_the_document_happens_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = [program for program in PROGRAMS if "once(" in program]
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - our own document
    names["create_tables"]()

    outcomes = [run_task(names["charge"], {"amount": 4.5}, task_id="t1") for _ in range(2)]

    assert outcomes == [external_tasks.Complete({"receipt": 1})] * 2


def test_the_table_of_the_document_is_the_one_that_is_made() -> None:
    (shown,) = re.findall(r"```sql\n(.*?)\n```", DOCUMENT, flags=re.DOTALL)

    assert shown == RESULTS_TABLE.replace("{table}", "external_task_results")


def test_every_program_of_the_document_is_run_here() -> None:
    assert [[word for word in RUN if word in text] for text in PROGRAMS] == [[word] for word in RUN]
    assert len(MIGRATION) == 1


def test_the_message_of_the_document_is_sent() -> None:
    confirm_payment = program("confirm-payment")["confirm_payment"]
    engine = FakeEngine()
    recipient = engine.expect_message("PaymentReceived", business_key="R1")

    assert run_task(confirm_payment, {"order": "R1"}, engine=engine) == Complete()
    assert [got["paid"] for got in recipient.got] == [True]


def test_the_breaker_of_the_document_is_one_for_both_topics() -> None:
    names = program("CircuitBreaker(")
    limits = [entry.limit for entry in names["orders"].registrations.values()]

    assert [limit.breaker for limit in limits] == [names["warehouse"]] * 2
    assert run_task(names["check_stock"], {"article": "tea"}) == Complete({"stock": 12})
    assert run_task(names["pick_order"], {"article": "tea"}) == Complete()


def test_the_worker_to_move_to_does_what_the_others_do() -> None:
    module = ModuleType("moved")
    exec(MIGRATION[0], module.__dict__)  # noqa: S102 - our own document
    check_stock = module.__dict__["check_stock"]

    assert run_task(check_stock, {"quantity": 2}) == Complete({"price": 9.0})
    assert run_task(check_stock, {"quantity": 13}) == BpmnError("OUT_OF_STOCK", "too many")


def test_the_defaults_of_the_table_to_move_by_are_the_workers() -> None:
    settings = inspect.signature(Worker.__init__).parameters
    rows = [row.split("|")[-2] for row in (DOCS / "migration.md").read_text().splitlines() if row[:1] == "|"]
    shown = {name: default for row in rows for name, default in re.findall(r"`(\w+)` \((\w+)\)", row)}

    assert set(shown) == {"slots", "async_slots", "lock_seconds", "poll_seconds", "use_priority"}
    for name, default in shown.items():
        assert default in {str(settings[name].default).lower(), f"{settings[name].default:g}"}


def test_the_policy_of_the_document_is_the_default() -> None:
    names = program("policy = RetryPolicy")

    assert names["policy"] == external_tasks.RetryPolicy()


def program(word: str) -> dict[str, Any]:
    """Run the one program of the document that has a word in it, and return its names."""
    found = [text for text in PROGRAMS if word in text]
    assert len(found) == 1, word
    # As a module: annotations are read there.
    module = ModuleType("documented")
    sys.modules["documented"] = module
    exec(found[0], module.__dict__)  # noqa: S102 - our own document
    return module.__dict__


def test_the_async_handler_of_the_document_works() -> None:
    track = program("track-parcel")["track_parcel"]

    assert run_task(track, {"parcel": "P7"}) == Complete({"where": "P7 is in the van"})


def test_the_typed_handlers_of_the_document_work() -> None:
    names = program("Annotated[Invoice, AllVariables]")
    lines: list[dict[str, Any]] = [
        {"article": "tea", "price": "4.50", "quantity": 3},
        {"article": "cup", "price": "9.00"},
    ]

    outcome = run_task(names["add_up"], {"customer": "Zoë", "due": "2031-05-01", "lines": lines})

    assert outcome == Complete({"total": "22.50", "largest": lines[0]})
    assert run_task(names["print_line"], {"largest": lines[0]}) == Complete({"printed": "3 x tea"})
    message = "variable 'largest' is no Line: quantity: a whole number is needed, not a text"
    assert run_task(names["print_line"], {"largest": lines[0] | {"quantity": "3"}}) == Failure(message)
    assert f"`{message}`" in DOCUMENT


def test_the_middleware_of_the_document_works(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    engine = FakeEngine()
    worker = Worker(engine, middleware=[program("def note_seconds")["note_seconds"]])
    worker.task("check")(lambda: {"price": 1})
    task = engine.add_task("check")
    worker.run(once=True)

    assert task.results == {"price": 1}
    assert "check took " in caplog.text


def test_every_metric_is_in_the_document() -> None:
    kinds = {"counter": "_total"}
    for family in Metrics().registry.collect():
        name = family.name.removeprefix("external_task_worker_") + kinds.get(family.type, "")
        assert f"`{name}`" in DOCUMENT, name


def test_every_public_name_exists() -> None:
    assert all(hasattr(external_tasks, name) for name in external_tasks.__all__)
    assert list(external_tasks.__all__) == sorted(external_tasks.__all__, key=lambda n: (n.upper() != n, n))


@pytest.mark.parametrize(
    "function", [Worker.__init__, TaskRouter.task, EngineClient.__init__, OAuth2ClientCredentials.__init__]
)
def test_every_setting_is_in_the_document(function: Callable[..., object]) -> None:
    names = set(inspect.signature(function).parameters) - {
        "self",
        "random",
        "user_agent",
        "clock",
        "token_url",
        "client_id",
        "client_secret",
    }

    assert [name for name in sorted(names) if name not in DOCUMENT] == []


def test_every_public_error_and_outcome_is_exported() -> None:
    public = {
        name
        for module in (errors, outcomes)
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__
    }

    assert public - {"ErrorRules"} <= set(external_tasks.__all__)
