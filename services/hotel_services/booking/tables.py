"""The booking service's tables."""

import datetime as dt

from sqlalchemy import CheckConstraint, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hotel_services.booking.domain import Content, Status
from hotel_services.kit.database.columns import NAMING, UtcDateTime, binary_text, identifier


class Base(DeclarativeBase):
    """The service's tables."""

    metadata = MetaData(naming_convention=NAMING)


class Claim(Base):
    """Who makes the reservation of a reference; the primary key lets one claimant have it."""

    __tablename__ = "claims"

    reservation_ref: Mapped[str] = mapped_column(binary_text(64), primary_key=True)
    claimant: Mapped[str] = mapped_column(binary_text(200))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime())


class Booking(Base):
    """What a client has booked. The ids are those of other services, which this one does not ask."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("check_out > check_in", name="nights"),
        CheckConstraint("status IN ('pending', 'confirmed', 'cancelled')", name="status"),
        Index("ix_bookings_room_id_check_out", "room_id", "check_out"),
    )

    booking_id: Mapped[str] = mapped_column(identifier(), primary_key=True)
    # The promise itself: one booking for a reservation, whatever the code does.
    reservation_ref: Mapped[str] = mapped_column(binary_text(64), unique=True)
    client_id: Mapped[str] = mapped_column(binary_text(64), index=True)
    room_id: Mapped[str] = mapped_column(binary_text(64))
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date] = mapped_column(index=True)
    guests: Mapped[int]
    table_id: Mapped[str | None] = mapped_column(binary_text(64))
    status: Mapped[Status] = mapped_column(String(16))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), index=True)

    @property
    def content(self) -> Content:
        """What was booked."""
        return Content(
            self.client_id, self.room_id, self.check_in, self.check_out, self.guests, self.table_id
        )
