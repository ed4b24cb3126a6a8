"""Column types and expressions that mean the same on SQLite and PostgreSQL."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum, MetaData, String, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can address them on both databases."""

KIT_METADATA = MetaData(naming_convention=NAMING)
"""The kit's own tables, which are part of every service's database."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """A point in time, always with the zone UTC; SQLite, which knows no zones, keeps it as text."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[dt.datetime]:
        """Use the type with a zone where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Turn a value into what the database keeps."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Turn what the database keeps into a value."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=dt.UTC)


def binary_text(length: int) -> String:
    """Return a text type that both databases sort by code point, whatever the server's language is."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def identifier() -> Uuid[str]:
    """Return the type of ids that a service gives."""
    return Uuid(as_uuid=False)


def choice(of: type[StrEnum]) -> Enum:
    """Return the type of a text that is one of the enumeration's values."""
    return Enum(of, native_enum=False, length=16, values_callable=lambda kind: [item.value for item in kind])
