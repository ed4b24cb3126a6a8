"""Reading the services' records through their lists, for a stack whose databases are out of reach."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from typing import Any

from hotel.names import Service
from hotel.replay.records import Booking, Records, Stay, TableReservation
from hotel.reservations.connection import ServiceConnection
from hotel.service_client import ServiceClient

_ACTIVE_STAYS = frozenset({"held", "confirmed"})


def read_records(services: Mapping[Service, ServiceConnection]) -> Records:
    """Read the four services' lists.

    Raises:
        Unreachable: a service does not answer, or not with a list.
        Refused: it does not accept the token.
    """
    with ExitStack() as stack:
        clients_of = {
            name: stack.enter_context(ServiceClient(place.url, place.token))
            for name, place in services.items()
        }
        stays = clients_of[Service.ROOM].items("/api/room/stays")
        bookings = clients_of[Service.BOOKING].items("/api/booking/bookings")
        tables = clients_of[Service.RESTAURANT].items("/api/restaurant/reservations")
        clients = clients_of[Service.CLIENT].items("/api/client/clients")
        return Records(
            stays=[_stay(item) for item in stays],
            bookings=[
                Booking(item["reservation_ref"], alive=item["status"] != "cancelled") for item in bookings
            ],
            tables=[_table(item) for item in tables],
            emails=[item["email"] for item in clients if item["email"]],
        )


def _stay(item: Mapping[str, Any]) -> Stay:
    return Stay(
        reference=item["reservation_ref"],
        room_id=item["room_id"],
        check_in=date.fromisoformat(item["check_in"]),
        check_out=date.fromisoformat(item["check_out"]),
        active=item["state"] in _ACTIVE_STAYS,
    )


def _table(item: Mapping[str, Any]) -> TableReservation:
    return TableReservation(
        reference=item["reservation_ref"],
        table_id=item["table_id"],
        day=date.fromisoformat(item["date"]),
        seating=item["seating"],
        active=item["state"] == "reserved",
    )
