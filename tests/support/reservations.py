"""Reservations for tests on the whole stack, and what the services have on record about them."""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3
from hotel.reservations.engine import PROCESS

from support.stacks import Stack

Fields = Callable[..., dict[str, Any]]
# Beyond the days that replays play on.
_FIRST_DAY = 200
_DAYS = 700
_NIGHTS = 3
_numbers = itertools.count()


def new_fields(**changes: Any) -> dict[str, Any]:
    """Return the fields of a reservation that gets a room: its days and its guest are no other test's."""
    number = next(_numbers)
    check_in = datetime.now(UTC).date() + timedelta(days=_FIRST_DAY + _NIGHTS * number % _DAYS)
    return {
        "first_name": "Jean",
        "last_name": "Martin",
        "email": f"jean-{number}@example.com",
        "check_in": check_in.isoformat(),
        "check_out": (check_in + timedelta(days=_NIGHTS)).isoformat(),
        "room_type": "B",
        "guests": 2,
        "table_wanted": True,
        **changes,
    }


class Services:
    """What the services have on record."""

    def __init__(self, stack: Stack, pool: urllib3.PoolManager) -> None:
        self._stack = stack
        self._pool = pool

    def stays(self, reference: str) -> list[str]:
        """The states of a reservation's stays."""
        return [item["state"] for item in self._items("room", "/api/room/stays", reference)]

    def bookings(self, reference: str) -> list[str]:
        """The states of a reservation's bookings."""
        return [item["status"] for item in self._items("booking", "/api/booking/bookings", reference)]

    def tables(self, reference: str) -> list[str]:
        """The states of a reservation's tables."""
        items = self._items("restaurant", "/api/restaurant/reservations", reference)
        return [item["state"] for item in items]

    def get(self, service: str, path: str, **query: str) -> Any:
        """Ask a service."""
        headers = {"Authorization": f"Bearer {self._stack.token}"}
        answer = self._pool.request("GET", self._stack.urls[service] + path, fields=query, headers=headers)
        assert answer.status == 200, answer.data
        return answer.json()

    def hold(self, reference: str, room_id: str, fields: Mapping[str, Any]) -> None:
        """Hold a room for a reservation, as its task would."""
        body = {name: fields[name] for name in ("check_in", "check_out", "guests")}
        headers = {"Authorization": f"Bearer {self._stack.token}", "Idempotency-Key": reference}
        answer = self._pool.request(
            "POST",
            f"{self._stack.urls['room']}/api/room/block",
            json={"reservation_ref": reference, "room_id": room_id, **body},
            headers=headers,
        )
        assert answer.status == 201, answer.data

    def room(self, reference: str) -> str:
        """The room of a reservation's only stay."""
        (stay,) = self._items("room", "/api/room/stays", reference)
        return str(stay["room_id"])

    def _items(self, service: str, path: str, reference: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(service, path, reservation_ref=reference)["items"]
        return items


def task_log(stack: Stack, instance_ids: list[str]) -> list[dict[str, Any]]:
    """Return what the engine logged about the external tasks of some instances."""
    admin = stack.engine.client("admin")
    return [
        entry
        for instance_id in instance_ids
        for entry in admin.get("/history/external-task-log", {"processInstanceId": instance_id})
    ]


def instances_of(stack: Stack, reference: str) -> list[dict[str, Any]]:
    """Return the process instances of a reservation, called ones included, as the engine tells them."""
    query = {"processInstanceBusinessKey": reference}
    found: list[dict[str, Any]] = stack.engine.client("client").get("/history/process-instance", query)
    return found


def reservation_instances(stack: Stack, reference: str) -> list[dict[str, Any]]:
    """Return the instances of the reservation process alone."""
    return [item for item in instances_of(stack, reference) if item["processDefinitionKey"] == PROCESS]
