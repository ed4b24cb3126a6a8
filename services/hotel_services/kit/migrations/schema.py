"""The database's schema: Alembic versions, a set for each service, safe with any number of replicas."""

import hashlib
import logging

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hotel_services.kit.database import transient_errors
from hotel_services.kit.database.columns import KIT_METADATA
from hotel_services.kit.database.connections import WAIT_SECONDS, WRITES
from hotel_services.kit.database.transactions import Database, DatabaseUnavailableError
from hotel_services.kit.http.service import AnyService

LOCK_WAIT_SECONDS = 300
log = logging.getLogger(__name__)


class SchemaError(Exception):
    """The database's schema is not one that this version of the service can work with."""


def migrate(service: AnyService, database: Database) -> None:
    """Bring the schema to this version's, with the data that are there; replicas wait for each other.

    Raises:
        SchemaError: The schema is newer than this version of the service, or a step could not be done.
        DatabaseUnavailableError: The database cannot be reached.
    """
    try:
        options = {WRITES: True, WAIT_SECONDS: LOCK_WAIT_SECONDS}
        with database.engine.execution_options(**options).begin() as connection:
            wait_for_others(service, connection)
            before = _present(service, connection)
            _refuse_newer(service, before)
            command.upgrade(_config(service, connection), "head")
            after = _present(service, connection)
    except DBAPIError as error:
        reason = transient_errors.transient_reason(error)
        if reason and reason not in transient_errors.OF_THE_SCHEMA:
            raise DatabaseUnavailableError("the database was lost or busy during the migration") from error
        raise SchemaError(f"A migration failed: {error.orig}") from error
    if before != after:
        if before is not None:
            _compact(database)
        log.info("schema migrated", extra={"from_revision": before or "none", "to_revision": after})


def _compact(database: Database) -> None:
    try:
        database.compact()
    except DatabaseUnavailableError as error:
        # Another replica that starts is at work; the service itself can do without.
        log.warning("database file not compacted", extra={"reason": str(error)})


def check(service: AnyService, database: Database) -> None:
    """Make sure that the schema is this version's.

    Raises:
        SchemaError: It is older, newer or not there.
        DatabaseUnavailableError: The database cannot be reached.
    """
    try:
        with database.engine.connect() as connection:
            present = _present(service, connection)
    except DBAPIError as error:
        raise DatabaseUnavailableError("the database gives no answer") from error
    _refuse_newer(service, present)
    if present != _scripts(service).get_current_head():
        raise SchemaError(
            f"The database has schema {present or 'none'} and needs {_scripts(service).get_current_head()}: "
            f"run `python -m hotel_services {service.name} migrate` or set MIGRATE_AT_START=true"
        )


def version_table(service: AnyService) -> str:
    """Return the name of the table that holds the schema's revision."""
    return f"{service.name}_schema_version"


def wait_for_others(service: AnyService, connection: Connection) -> None:
    """Let the replicas that prepare this service's database do so one after the other."""
    if connection.dialect.name != "postgresql":
        # SQLite's BEGIN IMMEDIATE has waited already.
        return
    number = int.from_bytes(hashlib.sha256(version_table(service).encode()).digest()[:8], signed=True)
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _present(service: AnyService, connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": version_table(service)})
    return context.get_current_revision()


def _refuse_newer(service: AnyService, present: str | None) -> None:
    known = {script.revision for script in _scripts(service).walk_revisions()}
    if present is not None and present not in known:
        raise SchemaError(
            f"The database has schema {present}, which this version of the {service.name} service does not "
            "know: a newer version made it. Run that version, or restore a backup from before"
        )


def _scripts(service: AnyService) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(service))


def _config(service: AnyService, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "hotel_services.kit.migrations:alembic")
    config.set_main_option("version_locations", service.migrations)
    config.set_main_option("path_separator", "newline")
    config.attributes.update(
        connection=connection,
        metadata=[service.metadata, KIT_METADATA],
        version_table=version_table(service),
    )
    return config
