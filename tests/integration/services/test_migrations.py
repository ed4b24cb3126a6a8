"""The migrations of every service lead to the tables that its code describes."""

import importlib
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hotel_services.kit.app import open_resources
from hotel_services.kit.database.columns import KIT_METADATA
from hotel_services.kit.http.service import Service
from hotel_services.kit.migrations import schema
from hotel_services.shared.references import reservation_references


@pytest.mark.parametrize("name", ["booking", "room", "restaurant", "client"])
def test_migrated_schema_is_that_of_the_code(name: str, empty_database_url: str) -> None:
    service = importlib.import_module(f"hotel_services.{name}.service").SERVICE
    assert isinstance(service, Service)
    resources = open_resources(service, service.settings(database_url=empty_database_url))
    try:
        schema.migrate(service, resources.database)
        schema.check(service, resources.database)
        with resources.database.engine.connect() as connection:
            options = {"version_table": schema.version_table(service), "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            # Several are fine, as in `EnvironmentContext.configure`; the annotation knows one alone.
            differences = compare_metadata(context, [service.metadata, KIT_METADATA])  # type: ignore[arg-type]
    finally:
        resources.database.close()
    assert [difference for difference in differences if not _is_unused(difference)] == []


def _is_unused(difference: Any) -> bool:
    """The client service has no reservations, and so not the kit's table for them."""
    return bool(difference[0] == "add_table" and difference[1].name == reservation_references.name)
