import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hotel_services.kit.database import connections
from hotel_services.kit.database.connections import make_engine
from hotel_services.kit.database.transactions import Database
from hotel_services.kit.http.operations import Api
from hotel_services.kit.http.service import Service
from hotel_services.kit.migrations import schema
from hotel_services.kit.migrations.schema import SchemaError
from hotel_services.kit.settings import ServiceSettings
from sqlalchemy import MetaData, inspect, text
from support.services import sqlite_url

STEP = '''"""A step."""
from alembic import op
revision = "{name}"
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in {statements!r}:
        op.execute(statement)
'''


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Iterator[Database]:
    database = Database(make_engine(sqlite_url(tmp_path), 3, "test"), retry_seconds=1)
    yield database
    database.close()


@pytest.fixture(name="service")
def _service(tmp_path: Path) -> Service[ServiceSettings]:
    (tmp_path / "versions").mkdir()
    return Service(
        name="thing",
        title="",
        description="",
        settings=ServiceSettings,
        api=Api(""),
        metadata=MetaData(),
        migrations=str(tmp_path / "versions"),
    )


def release(service: Service[ServiceSettings], name: str, before: str | None, *statements: str) -> None:
    """Add a migration, as a release of the service would."""
    step = STEP.format(name=name, before=before, statements=statements)
    Path(service.migrations, f"{name}.py").write_text(step)


def columns(database: Database) -> list[str]:
    return [column["name"] for column in inspect(database.engine).get_columns("guests")]


def test_older_schema_is_migrated_with_its_data(
    service: Service[ServiceSettings], database: Database
) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    schema.migrate(service, database)
    database.write(lambda session: session.execute(text("INSERT INTO guests VALUES ('Jo')")))
    release(service, "v2", "v1", "ALTER TABLE guests ADD age INTEGER", "UPDATE guests SET age = 42")

    with pytest.raises(SchemaError, match=r"has schema v1 and needs v2: run .* thing migrate"):
        schema.check(service, database)
    schema.migrate(service, database)

    schema.check(service, database)
    rows = database.read(lambda session: session.execute(text("SELECT name, age FROM guests")).all())
    assert [tuple(row) for row in rows] == [("Jo", 42)]


def test_migrating_again_changes_nothing(service: Service[ServiceSettings], database: Database) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    schema.migrate(service, database)
    schema.migrate(service, database)
    assert columns(database) == ["name"]


def test_newer_schema_is_refused(service: Service[ServiceSettings], database: Database) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    release(service, "v2", "v1", "ALTER TABLE guests ADD age INTEGER")
    schema.migrate(service, database)
    Path(service.migrations, "v2.py").unlink()

    for refuse in (schema.migrate, schema.check):
        with pytest.raises(SchemaError, match=r"schema v2, which this version .* does not know: a newer"):
            refuse(service, database)


def test_failed_migration_leaves_the_old_schema(
    service: Service[ServiceSettings], database: Database
) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    schema.migrate(service, database)
    release(service, "v2", "v1", "ALTER TABLE guests ADD age INTEGER", "UPDATE nowhere SET age = 1")

    with pytest.raises(SchemaError, match="no such table: nowhere"):
        schema.migrate(service, database)
    assert columns(database) == ["name"]


def test_empty_database_is_not_served(service: Service[ServiceSettings], database: Database) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    with pytest.raises(SchemaError, match="MIGRATE_AT_START"):
        schema.check(service, database)


def test_service_keeps_its_revision_in_a_table_of_its_own(
    service: Service[ServiceSettings], database: Database
) -> None:
    release(service, "v1", None, "CREATE TABLE guests (name TEXT)")
    schema.migrate(service, database)
    assert inspect(database.engine).get_table_names() == ["guests", "thing_schema_version"]


def test_a_migration_waits_longer_for_its_turn_than_a_request_does(
    service: Service[ServiceSettings], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_MILLISECONDS", 0)
    release(service, "thing_0001", None, "CREATE TABLE guests (name TEXT)")
    database.engine.connect().close()
    with (
        closing(sqlite3.connect(tmp_path / "service.db", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        migrating = pool.submit(schema.migrate, service, database)
        with pytest.raises(TimeoutError):
            migrating.result(timeout=0.5)

        other.execute("ROLLBACK")

        migrating.result(timeout=60)
    assert columns(database) == ["name"]
