"""Which table a party gets, or why it gets none: rules without a database."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """A table reservation's state."""

    RESERVED = "reserved"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class TableRequest:
    """What a reservation asks for; asking again with the same request is the same request."""

    date: dt.date
    seating: str
    guests: int


@dataclass(frozen=True)
class Table:
    """A table of the restaurant.

    Args:
        table_id: Its name on the floor plan.
        seats: The largest party that it takes.
    """

    table_id: str
    seats: int


@dataclass(frozen=True)
class FloorPlan:
    """What there is to sell: each table once for each seating of a day.

    Args:
        tables: All tables.
        seatings: When a day's seatings begin, as "HH:MM".
    """

    tables: tuple[Table, ...]
    seatings: tuple[str, ...]

    def offer(self, guests: int, taken: Collection[str]) -> list[Table]:
        """Return the tables that seat the party and are not taken, the smallest first and then by name."""
        fitting = (table for table in self.tables if table.seats >= guests and table.table_id not in taken)
        return sorted(fitting, key=lambda table: (table.seats, table.table_id))

    def refusal(self, request: TableRequest) -> str | None:
        """Return why no table could be had even in an empty house; None if one could."""
        if request.seating not in self.seatings:
            return f"There is no seating at {request.seating}, only at {', '.join(self.seatings)}"
        largest = max((table.seats for table in self.tables), default=0)
        if request.guests > largest:
            return f"The largest table seats {largest}, fewer than the party of {request.guests}"
        return None


def sold_out(request: TableRequest) -> str:
    """Return why no table can be had in a house where others were sold before."""
    return f"Every table that seats {request.guests} is taken on {request.date} at {request.seating}"
