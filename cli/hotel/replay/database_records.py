"""Reading the services' records straight from their databases, where these are in reach."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg

from hotel.errors import Unreachable
from hotel.names import Service
from hotel.replay.records import Booking, Records, Stay, TableReservation

_CONNECT_SECONDS = 10


def read_records(urls: Mapping[Service, str]) -> Records:
    """Read the four databases.

    Args:
        urls: of the databases, `sqlite:///…` or `postgresql://…`.

    Raises:
        Unreachable: a database cannot be read.
    """
    now = datetime.now(UTC)
    stays = "SELECT reservation_ref, room_id, check_in, check_out, state, expires_at FROM stays"
    bookings = "SELECT reservation_ref, status FROM bookings"
    tables = "SELECT reservation_ref, table_id, date, seating, state FROM table_reservations"
    emails = "SELECT email FROM clients WHERE email IS NOT NULL"
    return Records(
        stays=[
            Stay(ref, room, _day(begin), _day(end), active=_is_active(state, expires_at, now))
            for ref, room, begin, end, state, expires_at in _select(urls[Service.ROOM], stays)
        ],
        bookings=[
            Booking(ref, alive=status != "cancelled")
            for ref, status in _select(urls[Service.BOOKING], bookings)
        ],
        tables=[
            TableReservation(ref, table, _day(day), seating, active=state == "reserved")
            for ref, table, day, seating, state in _select(urls[Service.RESTAURANT], tables)
        ],
        emails=[email for (email,) in _select(urls[Service.CLIENT], emails)],
    )


def _select(url: str, query: str) -> list[tuple[Any, ...]]:
    try:
        if url.startswith("sqlite:"):
            return _select_sqlite(url, query)
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
            return connection.execute(query.encode()).fetchall()
    except (sqlite3.Error, psycopg.Error) as error:
        raise Unreachable(f"{_place(url)} cannot be read: {str(error).strip()}") from error


def _select_sqlite(url: str, query: str) -> list[tuple[Any, ...]]:
    file = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"


def _day(value: date | str) -> date:
    # SQLite keeps dates as text.
    return value if isinstance(value, date) else date.fromisoformat(value)


def _is_active(state: str, expires_at: datetime | str | None, now: datetime) -> bool:
    if state != "held" or expires_at is None:
        return state == "confirmed"
    moment = expires_at if isinstance(expires_at, datetime) else datetime.fromisoformat(expires_at)
    return moment.replace(tzinfo=moment.tzinfo or UTC) > now
