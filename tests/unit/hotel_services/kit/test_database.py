import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hotel_services.kit.database import transient_errors
from hotel_services.kit.database.clock import now
from hotel_services.kit.database.connections import make_engine
from hotel_services.kit.database.transactions import Database, DatabaseUnavailableError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from support.services import sqlite_url


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Iterator[Database]:
    database = Database(make_engine(sqlite_url(tmp_path), 3, "test"), retry_seconds=5)
    database.write(lambda session: session.execute(text("CREATE TABLE notes (note TEXT PRIMARY KEY)")))
    yield database
    database.close()


def add(session: Session, note: str) -> None:
    session.execute(text("INSERT INTO notes VALUES (:note)"), {"note": note})


def notes(database: Database) -> list[str]:
    return [*database.read(lambda session: session.scalars(text("SELECT note FROM notes")).all())]


def deadlock() -> DBAPIError:
    return OperationalError("UPDATE", {}, psycopg.errors.DeadlockDetected("deadlock detected"))


def test_unit_is_kept_whole(database: Database) -> None:
    database.write(lambda session: add(session, "a"))
    assert notes(database) == ["a"]


def test_unit_that_fails_leaves_nothing(database: Database) -> None:
    def fail(session: Session) -> None:
        add(session, "a")
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        database.write(fail)
    assert notes(database) == []


def test_unit_is_run_again_after_a_deadlock(database: Database) -> None:
    runs: list[int] = []

    def unlucky(session: Session) -> None:
        runs.append(len(runs))
        add(session, f"run {len(runs)}")
        if len(runs) < 3:
            raise deadlock()

    database.write(unlucky)
    assert notes(database) == ["run 3"]


def test_unit_that_meets_only_deadlocks_is_given_up(tmp_path: Path) -> None:
    database = Database(make_engine(sqlite_url(tmp_path), 3, "test"), retry_seconds=0.1)

    def doomed(_session: Session) -> None:
        raise deadlock()

    with pytest.raises(DatabaseUnavailableError, match="deadlock"):
        database.write(doomed)
    database.close()


def test_broken_promise_is_not_tried_again(database: Database) -> None:
    database.write(lambda session: add(session, "a"))
    runs: list[int] = []

    def twice(session: Session) -> None:
        runs.append(1)
        add(session, "a")

    with pytest.raises(IntegrityError):
        database.write(twice)
    assert runs == [1]


def test_foreign_keys_count_on_sqlite(database: Database) -> None:
    database.write(
        lambda session: session.execute(text("CREATE TABLE lines (note TEXT REFERENCES notes (note))"))
    )
    with pytest.raises(IntegrityError):
        database.write(lambda session: session.execute(text("INSERT INTO lines VALUES ('x')")))


def test_time_of_the_database_is_utc_and_goes_on(database: Database) -> None:
    first, second = database.read(now), database.read(now)
    assert first.tzinfo is not None
    assert first <= second


def test_server_that_is_not_there_is_told() -> None:
    database = Database(make_engine("postgresql://u:p@127.0.0.1:1/n", 3, "test"), retry_seconds=0)
    with pytest.raises(DatabaseUnavailableError):
        database.ping()
    with pytest.raises(DatabaseUnavailableError):
        database.read(lambda session: session.execute(text("SELECT 1")))


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (psycopg.errors.DeadlockDetected(), "deadlock"),
        (psycopg.errors.SerializationFailure(), "serialization_failure"),
        (psycopg.errors.LockNotAvailable(), "lock_timeout"),
        (psycopg.errors.AdminShutdown(), "connection_lost"),
        (psycopg.errors.CannotConnectNow(), "connection_lost"),
        (psycopg.errors.TooManyConnections(), "too_many_connections"),
        (psycopg.errors.ConnectionFailure(), "connection_lost"),
        (psycopg.OperationalError("server closed the connection unexpectedly"), "connection_lost"),
        (psycopg.errors.UndefinedTable(), "schema_missing"),
        (psycopg.errors.DiskFull(), "disk_full"),
        (psycopg.errors.OutOfMemory(), "out_of_memory"),
        (psycopg.errors.ConfigurationLimitExceeded(), "out_of_resources"),
        (psycopg.errors.ReadOnlySqlTransaction(), "read_only"),
        (psycopg.errors.CrashShutdown(), "connection_lost"),
        (psycopg.errors.DatabaseDropped(), "connection_refused"),
        (psycopg.errors.InvalidPassword(), "connection_refused"),
        (psycopg.errors.InvalidCatalogName(), "connection_refused"),
        (psycopg.errors.IoError(), "input_output"),
        (psycopg.errors.DataCorrupted(), "damaged"),
        (psycopg.errors.ProtocolViolation(), "connection_lost"),
        (psycopg.errors.InsufficientPrivilege(), "not_permitted"),
        (psycopg.errors.InvalidSchemaName(), "schema_missing"),
        (psycopg.errors.UndefinedColumn(), "schema_missing"),
        (psycopg.errors.UniqueViolation(), None),
        (psycopg.errors.SyntaxError(), None),
    ],
)
def test_database_that_cannot_work_is_told_from_our_mistakes(cause: Exception, reason: str | None) -> None:
    assert transient_errors.transient_reason(OperationalError("SELECT", {}, cause)) == reason


@pytest.mark.parametrize(
    ("code", "reason", "spoils"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "busy", False),
        (sqlite3.SQLITE_LOCKED, "busy", False),
        (sqlite3.SQLITE_FULL, "disk_full", False),
        (sqlite3.SQLITE_READONLY_DBMOVED, "read_only", True),
        (sqlite3.SQLITE_IOERR_WRITE, "input_output", True),
        (sqlite3.SQLITE_CANTOPEN, "connection_refused", True),
        (sqlite3.SQLITE_NOMEM, "out_of_memory", False),
        (sqlite3.SQLITE_CORRUPT, "damaged", True),
        (sqlite3.SQLITE_NOTADB, "damaged", True),
        (sqlite3.SQLITE_ERROR, None, False),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None, False),
        (sqlite3.SQLITE_MISUSE, None, False),
    ],
)
def test_sqlite_that_cannot_work_is_told_from_our_mistakes(
    code: int, reason: str | None, *, spoils: bool
) -> None:
    cause = sqlite3.OperationalError("made up")
    cause.sqlite_errorcode = code
    assert transient_errors.transient_reason(OperationalError("", {}, cause)) == reason
    assert transient_errors.spoils_connection(cause) is spoils


def test_pool_without_a_free_connection_is_worth_another_try() -> None:
    assert transient_errors.transient_reason(PoolTimeoutError()) == "pool_exhausted"


def test_busy_sqlite_is_worth_another_try(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(tmp_path / "x.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("CREATE TABLE t (x)")
    assert transient_errors.transient_reason(OperationalError("", {}, caught.value)) == "busy"
    holder.close()
    other.close()
