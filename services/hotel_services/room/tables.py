"""The room service's tables."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hotel_services.kit.database.columns import NAMING, UtcDateTime, binary_text, choice, identifier
from hotel_services.room.domain import RoomRequest, State

ACTIVE_STAY = "state IN ('held', 'confirmed')"


class Base(DeclarativeBase):
    """The service's tables."""

    metadata = MetaData(naming_convention=NAMING)


class RoomType(Base):
    """A kind of room: what it is called, how many it takes, what a night costs."""

    __tablename__ = "room_types"

    room_type: Mapped[str] = mapped_column(binary_text(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    capacity: Mapped[int]
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))


class Room(Base):
    """A room that guests sleep in."""

    __tablename__ = "rooms"

    room_id: Mapped[str] = mapped_column(binary_text(32), primary_key=True)
    room_type: Mapped[str] = mapped_column(ForeignKey("room_types.room_type"), index=True)
    type: Mapped[RoomType] = relationship(lazy="joined", innerjoin=True)


class Stay(Base):
    """A room kept for a reservation from the day of check-in up to, but not including, that of check-out."""

    __tablename__ = "stays"
    __table_args__ = (
        CheckConstraint("check_out > check_in", name="nights"),
        CheckConstraint("state IN ('held', 'confirmed', 'released', 'expired')", name="state"),
        # The promise itself: whatever the code does, no two active stays share a night in a room.
        ExcludeConstraint(
            ("room_id", "="),
            (text("daterange(check_in, check_out, '[)')"), "&&"),
            where=text(ACTIVE_STAY),
            using="gist",
            name="no_overlap",
        ).ddl_if(dialect="postgresql"),
        Index("ix_stays_room_id_check_out", "room_id", "check_out"),
        Index("ix_stays_state_expires_at", "state", "expires_at"),
    )

    stay_id: Mapped[str] = mapped_column(identifier(), primary_key=True)
    reservation_ref: Mapped[str] = mapped_column(binary_text(64), unique=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.room_id"))
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    guests: Mapped[int]
    state: Mapped[State] = mapped_column(choice(State))
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime())
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime())

    @property
    def request(self) -> RoomRequest:
        """What was asked for."""
        return RoomRequest(self.room_id, self.check_in, self.check_out, self.guests)
