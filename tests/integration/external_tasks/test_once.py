"""Effects that happen once although workers die between effect and report."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from external_tasks import create_results_table, once
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from support.once_kills import kill_workers
from support.postgresql import new_database, postgresql_server

TASKS, KILLS = 6, 60


def _psycopg(url: str) -> Callable[[], Any]:
    return lambda: psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"))


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database on PostgreSQL."""
    with postgresql_server() as server:
        yield new_database(server)


@pytest.mark.any_engine
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_workers_that_are_killed_before_their_report_leave_one_effect_a_task(
    probe: Any, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for _ in range(TASKS):
        probe.start()
    if database == "sqlite":
        figures = kill_workers(
            probe.client, probe.key, lambda: sqlite3.connect(tmp_path / "once.db", timeout=30), TASKS, KILLS
        )
    else:
        url = request.getfixturevalue("url")
        figures = kill_workers(probe.client, probe.key, _psycopg(url), TASKS, KILLS)

    assert (figures.kills, figures.effects, figures.tasks) == (KILLS, TASKS, TASKS)
    assert figures.completed == TASKS


def test_two_at_once_have_one_effect_on_postgresql(url: str) -> None:
    connect = _psycopg(url)
    with closing(connect()) as connection:
        create_results_table(connection)
        connection.execute("CREATE TABLE effects (task text)")
        connection.commit()
    results: list[dict[str, Any]] = []
    inside, second_began = threading.Event(), threading.Event()

    def first() -> None:
        with closing(connect()) as connection:

            def effect() -> dict[str, Any]:
                connection.execute("INSERT INTO effects VALUES ('t')")
                inside.set()
                second_began.wait(10)
                return {"by": "first"}

            results.append(once(connection, "t", effect))
            connection.commit()

    def second() -> None:
        inside.wait(10)
        second_began.set()
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with Session(engine) as session, session.begin():

            def effect() -> dict[str, Any]:
                session.execute(text("INSERT INTO effects VALUES ('t')"))
                return {"by": "second"}

            results.append(once(session, "t", effect))
        engine.dispose()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with closing(connect()) as connection:
        assert connection.execute("SELECT count(*) FROM effects").fetchone() == (1,)
    assert results == [{"by": "first"}] * 2


def test_a_connection_of_psycopg_that_commits_by_itself_is_refused(url: str) -> None:
    with closing(_psycopg(url)()) as connection:
        create_results_table(connection)
        connection.commit()
        connection.autocommit = True
        with pytest.raises(ValueError, match="autocommit"):
            once(connection, "k", dict)
        with connection.transaction():
            assert once(connection, "k", dict) == {}
