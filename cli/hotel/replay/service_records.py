"""Reading the services' records through their lists, for a stack whose databases are out of reach."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import urllib3

from hotel.connection import ServiceConnection
from hotel.errors import Refused, Unreachable
from hotel.replay.records import Booking, Records, Stay, TableReservation
from hotel.stack.names import Service

_PAGE = 200
_ANSWER_SECONDS = 30.0
_ACTIVE_STAYS = frozenset({"held", "confirmed"})
_REFUSALS = frozenset({401, 403})


def read_records(services: Mapping[Service, ServiceConnection]) -> Records:
    """Read the four services' lists.

    Raises:
        Unreachable: a service does not answer as it should.
        Refused: it does not accept the token.
    """
    with urllib3.PoolManager(timeout=_ANSWER_SECONDS) as pool:
        stays = _items(pool, services[Service.ROOM], "/api/room/stays")
        bookings = _items(pool, services[Service.BOOKING], "/api/booking/bookings")
        tables = _items(pool, services[Service.RESTAURANT], "/api/restaurant/reservations")
        clients = _items(pool, services[Service.CLIENT], "/api/client/clients")
        return Records(
            stays=[_stay(item) for item in stays],
            bookings=[
                Booking(item["reservation_ref"], alive=item["status"] != "cancelled") for item in bookings
            ],
            tables=[_table(item) for item in tables],
            emails=[item["email"] for item in clients if item["email"]],
        )


def _items(pool: urllib3.PoolManager, service: ServiceConnection, path: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        url = f"{service.url.rstrip('/')}{path}?{urlencode({'limit': _PAGE, 'offset': offset})}"
        page = _get(pool, url, service.token)
        yield from page["items"]
        offset += _PAGE
        if offset >= page["total"]:
            return


def _get(pool: urllib3.PoolManager, url: str, token: str | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = pool.request("GET", url, headers=headers)
        content = json.loads(answer.data)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise Unreachable(f"{url}: {error}") from error
    if answer.status in _REFUSALS:
        raise Refused(f"{url} answers {answer.status}: check HOTEL_SERVICE_TOKEN")
    if not isinstance(content, dict) or "items" not in content:
        raise Unreachable(f"{url} answers {answer.status} instead of a list")
    return content


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
