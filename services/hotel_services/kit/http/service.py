"""What a service is to the kit: one value that each service package defines in its `service` module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from sqlalchemy import MetaData
from sqlalchemy.orm import Session

from hotel_services.kit.http.operations import Api
from hotel_services.kit.settings import SettingsType

Sweep = Callable[[Session, SettingsType], int]
Seed = Callable[[Session, SettingsType], None]


@dataclass(frozen=True)
class Service(Generic[SettingsType]):
    """A service.

    Args:
        name: Its name on the command line, in logs and in the database.
        title: Its name for people.
        description: What it is for, in a paragraph for the OpenAPI document.
        settings: The kind of its settings.
        api: Its operations.
        metadata: Its tables.
        migrations: Where its Alembic versions are, such as `hotel_services.room:migrations/versions`.
        seed: Writes the initial rows into the database; run again, it updates them.
        sweeps: By name, functions that note or delete what has expired; each returns how many rows it
            changed, at most 1000 in one call, and is called again until it returns 0.
    """

    name: str
    title: str
    description: str
    settings: type[SettingsType]
    api: Api
    metadata: MetaData
    migrations: str
    seed: Seed[SettingsType] | None = None
    sweeps: Mapping[str, Sweep[SettingsType]] = field(default_factory=dict)


AnyService = Service[Any]
