"""The floor plan that the restaurant starts with."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from hotel_services.kit.database.upserts import insert_into
from hotel_services.kit.seeds import load_seed
from hotel_services.restaurant.models import SeatingTime, TableId
from hotel_services.restaurant.settings import RestaurantSettings
from hotel_services.restaurant.tables import DiningTable, Seating

SHIPPED = ("hotel_services.restaurant", "seed.yaml")


class SeedTable(BaseModel):
    """A table."""

    model_config = ConfigDict(extra="forbid")

    table_id: TableId
    seats: int = Field(ge=1, le=20)


class Seed(BaseModel):
    """The seed file: when tables are sold, and the tables."""

    model_config = ConfigDict(extra="forbid")

    seatings: Annotated[list[SeatingTime], Field(min_length=1)]
    tables: Annotated[list[SeedTable], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [*self.seatings, *(table.table_id for table in self.tables)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"these are listed more than once: {', '.join(twice)}")
        return self


def seed_floor_plan(session: Session, settings: RestaurantSettings) -> None:
    """Make the seed's floor plan the one that is sold from; what was sold before stays sold.

    Raises:
        SettingsError: The seed file cannot be used.
    """
    seed = load_seed(settings.seed_file, SHIPPED, Seed)
    _put_tables(session, seed.tables)
    _put_seatings(session, seed.seatings)


# Replicas may do this at the same time, so both of these insert what is there without harm.
def _put_tables(session: Session, tables: Sequence[SeedTable]) -> None:
    ordered = sorted(tables, key=lambda table: table.table_id)
    rows = [{**table.model_dump(), "in_service": True} for table in ordered]
    statement = insert_into(session, DiningTable).values(rows)
    new = {"seats": statement.excluded.seats, "in_service": statement.excluded.in_service}
    session.execute(statement.on_conflict_do_update(index_elements=["table_id"], set_=new))
    named = [table.table_id for table in ordered]
    session.execute(update(DiningTable).where(DiningTable.table_id.not_in(named)).values(in_service=False))


def _put_seatings(session: Session, seatings: Sequence[str]) -> None:
    rows = [{"seating": seating} for seating in sorted(seatings)]
    session.execute(insert_into(session, Seating).values(rows).on_conflict_do_nothing())
    session.execute(delete(Seating).where(Seating.seating.not_in(seatings)))
