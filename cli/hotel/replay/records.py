"""What the services have on record, as far as the invariants are about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Stay:
    """A room kept for a reservation; active ones are held or confirmed."""

    reference: str
    room_id: str
    check_in: date
    check_out: date
    active: bool


@dataclass(frozen=True)
class Booking:
    """A booking; alive until it is cancelled."""

    reference: str
    alive: bool


@dataclass(frozen=True)
class TableReservation:
    """A table kept for a reservation; active until it is cancelled."""

    reference: str
    table_id: str
    day: date
    seating: str
    active: bool


@dataclass(frozen=True)
class Records:
    """Everything on record at one time.

    Attributes:
        stays: of the room service.
        bookings: of the booking service.
        tables: of the restaurant service.
        emails: of the clients that were not erased.
    """

    stays: Sequence[Stay]
    bookings: Sequence[Booking]
    tables: Sequence[TableReservation]
    emails: Sequence[str]
