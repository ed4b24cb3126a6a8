"""Bookings and their statuses: rules without a database."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """A booking's status; it changes downwards only."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Content:
    """What is booked; asking again with the same content is the same request."""

    client_id: str
    room_id: str
    check_in: dt.date
    check_out: dt.date
    guests: int
    table_id: str | None
