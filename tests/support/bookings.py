"""Bookings in the form of the real data, made up deterministically: same shares, same odd rows."""

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

COLUMNS = (
    "hotel",
    "is_canceled",
    "lead_time",
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_week_number",
    "arrival_date_day_of_month",
    "stays_in_weekend_nights",
    "stays_in_week_nights",
    "adults",
    "children",
    "babies",
    "meal",
    "reserved_room_type",
    "adr",
    "reservation_status",
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_FIRST_ARRIVAL = date(2015, 7, 1)


def booking(**changes: object) -> dict[str, str]:
    """Return one row: two adults in a room of type A for three nights, changed as told."""
    row = {
        "hotel": "Resort Hotel",
        "is_canceled": 0,
        "lead_time": 30,
        "arrival_date_year": 2015,
        "arrival_date_month": "July",
        "arrival_date_week_number": 27,
        "arrival_date_day_of_month": 1,
        "stays_in_weekend_nights": 1,
        "stays_in_week_nights": 2,
        "adults": 2,
        "children": 0,
        "babies": 0,
        "meal": "BB",
        "reserved_room_type": "A",
        "adr": "75.00",
        "reservation_status": "Check-Out",
        **changes,
    }
    return {name: str(value) for name, value in row.items()}


def bookings(
    count: int, *, seed: int, days: int = 14, room_types: str = "AAAACDDEEFGH"
) -> list[dict[str, str]]:
    """Return rows whose arrivals follow each other within some days, as in the real file.

    Args:
        count: how many.
        seed: the same one makes the same rows.
        days: over how many days arrivals spread; fewer let more rows find no room.
        room_types: the letters to choose from, the more frequent ones more often.
    """
    chance = random.Random(seed)
    arrivals = sorted(_FIRST_ARRIVAL + timedelta(days=chance.randrange(days)) for _ in range(count))
    return [_booking(arrival, chance, room_types) for arrival in arrivals]


def write_csv(file: Path, rows: Sequence[dict[str, str]]) -> Path:
    """Write rows with their header and return the file."""
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


def _booking(arrival: date, chance: random.Random, room_types: str) -> dict[str, str]:
    cancelled = chance.random() < 0.3
    # One in a hundred has no nights, one in a hundred no guests.
    nights = 0 if chance.random() < 0.01 else chance.choice((1, 2, 2, 3, 4, 4, 7, 7, 14))
    adults = 0 if chance.random() < 0.01 else chance.choice((1, 2, 2, 2, 2, 3))
    return booking(
        is_canceled=int(cancelled),
        arrival_date_year=arrival.year,
        arrival_date_month=_MONTHS[arrival.month - 1],
        arrival_date_week_number=arrival.isocalendar().week,
        arrival_date_day_of_month=arrival.day,
        stays_in_weekend_nights=min(2, nights // 3),
        stays_in_week_nights=nights - min(2, nights // 3),
        adults=adults,
        children=chance.choice((0, 0, 0, 0, 1, 2)) if adults else 0,
        meal=chance.choice(("BB", "BB", "BB", "HB", "FB", "SC", "Undefined")),
        reserved_room_type=chance.choice(room_types),
        reservation_status="Canceled" if cancelled else "Check-Out",
    )
