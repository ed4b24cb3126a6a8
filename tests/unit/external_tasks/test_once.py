"""Effects that happen once, on SQLite by each kind of connection."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from external_tasks import (
    ExternalTasksError,
    File,
    Task,
    Typed,
    VariableError,
    activity_key,
    create_results_table,
    once,
)
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session

TASK = Task("t1", "charge", business_key="R1", activity_id="Charge", process_definition_key="P")


class AsyncSession:
    """As SQLAlchemy's, whose method is a coroutine too."""

    async def connection(self) -> None:
        """Connect."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        create_results_table(connection)
        create_results_table(connection)
        connection.execute("CREATE TABLE charges (task text)")
        connection.commit()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        yield connection


@pytest.fixture
def alchemy(path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def charges(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM charges").fetchone()[0])


def test_a_repeat_returns_the_result_that_is_kept(path: Path, connection: sqlite3.Connection) -> None:
    def charge() -> dict[str, Any]:
        connection.execute("INSERT INTO charges VALUES ('t1')")
        return {"receipt": 7}

    for _ in range(3):
        with connection:
            assert once(connection, TASK, charge) == {"receipt": 7}
    assert charges(path) == 1


def test_what_is_rolled_back_happens_again(path: Path, connection: sqlite3.Connection) -> None:
    def charge() -> None:
        connection.execute("INSERT INTO charges VALUES ('t1')")

    def fail() -> None:
        charge()
        raise RuntimeError

    with pytest.raises(RuntimeError), connection:
        once(connection, TASK, fail)
    assert charges(path) == 0
    with connection:
        assert once(connection, TASK, charge) == {}
    assert charges(path) == 1


def test_sqlalchemy_connections_and_sessions_serve_too(path: Path, alchemy: Engine) -> None:
    def insert(target: Connection | Session, number: int) -> dict[str, Any]:
        target.execute(text("INSERT INTO charges VALUES (:number)"), {"number": number})
        return {"n": number}

    for _ in range(2):
        with alchemy.begin() as connection:
            assert once(connection, "a", partial(insert, connection, 1)) == {"n": 1}
        with Session(alchemy) as session, session.begin():
            assert once(session, "b", partial(insert, session, 2)) == {"n": 2}
    assert charges(path) == 2


def test_two_at_once_have_one_effect(path: Path) -> None:
    began, results = threading.Barrier(2), []

    def work() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as connection, connection:

            def charge() -> dict[str, Any]:
                connection.execute("INSERT INTO charges VALUES ('t1')")
                return {"receipt": threading.get_ident()}

            began.wait(10)
            results.append(once(connection, TASK, charge))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert charges(path) == 1
    assert len(results) == 2
    assert results[0] == results[1]


def test_a_result_keeps_its_types(connection: sqlite3.Connection) -> None:
    result = {
        "when": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "long": Typed(7, "Long"),
        "file": File("a.txt", b"abc", "text/plain"),
        "dict": {"a": [1, None, "ä"]},
        "bytes": b"\x00",
        "none": None,
        "price": 4.5,
    }
    for _ in range(2):
        with connection:
            assert once(connection, "types", lambda: result) == result


def test_the_key_may_be_that_of_the_activity() -> None:
    assert activity_key(TASK) == "R1:P:Charge"
    with pytest.raises(ValueError, match="business key"):
        activity_key(Task("t", "topic"))


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("key", "", "key must"),
        ("key", 7, "key must"),
        ("key", "x" * 256, "key must have up to 255"),
        ("effect", {"a": 1}, "effect must be a function"),
        ("table", "results; DROP TABLE x", "table must be a name"),
        ("table", "", "table must be a name"),
        ("connection", None, "connection must be one of a DB-API 2 driver"),
        ("connection", "sqlite:///shop.db", "connection must"),
        ("connection", AsyncSession(), "not an AsyncSession"),
        ("connection", sqlite3.connect(":memory:").cursor(), "connection must be one of .*, not Cursor"),
    ],
)
def test_what_cannot_be_used_is_refused(
    connection: sqlite3.Connection, argument: str, value: Any, message: str
) -> None:
    arguments: dict[str, Any] = {
        "connection": connection,
        "key": "k",
        "effect": dict,
        "table": "external_task_results",
    }
    arguments[argument] = value
    with pytest.raises(ValueError, match=message):
        once(arguments["connection"], arguments["key"], arguments["effect"], table=arguments["table"])


def test_a_connection_that_commits_by_itself_is_refused(path: Path, alchemy: Engine) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        with pytest.raises(ValueError, match="autocommit"):
            once(connection, "k", dict)
        connection.execute("BEGIN")
        assert once(connection, "k", dict) == {}
        connection.execute("COMMIT")
    automatic = alchemy.execution_options(isolation_level="AUTOCOMMIT")
    with automatic.connect() as other, pytest.raises(ValueError, match="autocommit"):
        once(other, "k2", dict)


def test_an_effect_that_commits_is_noticed(connection: sqlite3.Connection) -> None:
    with pytest.raises(ExternalTasksError, match="has committed or rolled back"):
        once(connection, "k", connection.commit)
    with pytest.raises(ExternalTasksError, match="has no result for 'k'"):
        once(connection, "k", dict)


def test_a_result_without_a_form_is_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(VariableError, match="'price'"), connection:
        once(connection, "k", lambda: {"price": object()})
    with pytest.raises(ExternalTasksError, match="must return a mapping"), connection:
        once(connection, "k", lambda: 5)  # type: ignore[arg-type, return-value]
    with connection:
        assert once(connection, "k", lambda: {"ok": True}) == {"ok": True}
