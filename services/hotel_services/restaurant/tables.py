"""The restaurant service's tables."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hotel_services.kit.database.columns import NAMING, UtcDateTime, binary_text, identifier
from hotel_services.restaurant.domain import State, TableRequest

SOLD = "state = 'reserved'"


class Base(DeclarativeBase):
    """The service's tables."""

    metadata = MetaData(naming_convention=NAMING)


class DiningTable(Base):
    """A table; one that has left the floor plan stays for the sake of what was sold."""

    __tablename__ = "dining_tables"

    table_id: Mapped[str] = mapped_column(binary_text(32), primary_key=True)
    seats: Mapped[int]
    in_service: Mapped[bool]


class Seating(Base):
    """When tables are sold, on every day alike."""

    __tablename__ = "seatings"

    seating: Mapped[str] = mapped_column(String(5), primary_key=True)


class TableReservation(Base):
    """A table kept for a reservation."""

    __tablename__ = "table_reservations"
    __table_args__ = (
        CheckConstraint("state IN ('reserved', 'cancelled')", name="state"),
        # The promise itself: whatever the code does, a table is sold once for a seating of a day.
        Index(
            "uq_table_reservations_sold_once",
            "date",
            "seating",
            "table_id",
            unique=True,
            postgresql_where=text(SOLD),
            sqlite_where=text(SOLD),
        ),
    )

    table_reservation_id: Mapped[str] = mapped_column(identifier(), primary_key=True)
    reservation_ref: Mapped[str] = mapped_column(binary_text(64), unique=True)
    table_id: Mapped[str] = mapped_column(ForeignKey("dining_tables.table_id"), index=True)
    date: Mapped[dt.date]
    seating: Mapped[str] = mapped_column(String(5))
    guests: Mapped[int]
    state: Mapped[State] = mapped_column(String(16))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime())

    @property
    def request(self) -> TableRequest:
        """What was asked for."""
        return TableRequest(self.date, self.seating, self.guests)
