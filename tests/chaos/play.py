"""The load: reservations that are started, started twice, and cancelled, at a rate."""

import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hotel.errors import HotelError
from hotel.reservations.client import HotelReservationClient

from chaos.history import History

NIGHTS = 25
"""So many nights a load may touch: few, as guests are to compete for the same rooms."""

_DAYS = 20
_CLIENTS = 64
_TWICE, _CANCELLED, _IMPATIENT = 0.1, 0.2, 0.2


@dataclass
class Played:
    """What the clients know.

    Attributes:
        name: what the references begin with, before a hyphen.
        acknowledged: references whose start was confirmed by the engine.
        unknown: references whose start got no answer.
        cancelled: references whose cancellation was confirmed.
    """

    name: str = ""
    acknowledged: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)


class Load:
    """Plays reservations.

    Args:
        patient: makes them, and repeats its calls while the engine does not answer.
        impatient: makes some of them, and gives up at once.
        history: gets the clients' calls.
        seed: the same one makes the same reservations.
        name: begins the references.
        first_day: in how many days the first night is: with nights of its own each load finds rooms.
        rate: reservations per second that it is played at.
    """

    def __init__(
        self,
        patient: HotelReservationClient,
        impatient: HotelReservationClient,
        history: History,
        seed: int,
        name: str,
        first_day: int,
        rate: float,
    ) -> None:
        self.rate = rate
        self._patient, self._impatient = patient, impatient
        self._history = history
        self._seed, self._chance = seed, random.Random(seed)
        self._name = name
        self._days = first_day
        self._first_day = datetime.now(UTC).date() + timedelta(days=first_day)
        self._lock = threading.Lock()
        self._numbers = 0
        self._asked: dict[str, dict[str, Any]] = {}
        self.played = Played(name)

    def play(self, moments: Sequence[float]) -> None:
        """Start a reservation at each moment, in seconds from now; return when all clients have answers."""
        began = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as clients:
            for moment in moments:
                time.sleep(max(0.0, began + moment - time.monotonic()))
                fields = self._fields()
                reference = fields["reservation_ref"]
                self._asked[reference] = fields
                twice, cancelled = self._chance.random() < _TWICE, self._chance.random() < _CANCELLED
                pause = self._chance.uniform(0, 3)
                client = self._impatient if self._chance.random() < _IMPATIENT else self._patient
                for _ in range(2 if twice else 1):
                    clients.submit(self._start, client, fields)
                if cancelled:
                    clients.submit(self._cancel_later, client, reference, pause)

    def start_again(self, references: Collection[str]) -> None:
        """Ask for some of the reservations once more, as their clients do when nobody knows them any more."""
        for reference in sorted(references):
            self._start(self._patient, self._asked[reference])

    def cancel_again(self, references: Collection[str]) -> None:
        """Cancel some of the reservations once more."""
        for reference in sorted(references):
            self._cancel_later(self._patient, reference, 0)

    def beside(self) -> "Load":
        """Return another load that is played at the same time, and whose reservations count as this one's."""
        other = Load(
            self._patient,
            self._impatient,
            self._history,
            self._seed + 1,
            f"{self._name}-more",
            self._days,
            self.rate,
        )
        other.played, other._lock = self.played, self._lock
        return other

    def _fields(self) -> dict[str, Any]:
        self._numbers += 1
        check_in = self._first_day + timedelta(days=self._chance.randrange(_DAYS))
        return {
            "first_name": "Jean",
            "last_name": "Martin",
            "email": f"{self._name}-{self._numbers}@example.com",
            "check_in": check_in.isoformat(),
            "check_out": (check_in + timedelta(days=self._chance.randint(1, 4))).isoformat(),
            "room_type": self._chance.choice("ABCD"),
            "guests": 2,
            "table_wanted": self._chance.random() < 0.5,
            "reservation_ref": f"{self._name}-{self._numbers}",
        }

    def _start(self, client: HotelReservationClient, fields: dict[str, Any]) -> None:
        reference = fields["reservation_ref"]

        known = self._called("start", reference, lambda: client.create_reservation(fields, wait=False))
        with self._lock:
            (self.played.acknowledged if known else self.played.unknown).add(reference)

    def _cancel_later(self, client: HotelReservationClient, reference: str, pause: float) -> None:
        time.sleep(pause)
        if self._called("cancel", reference, lambda: client.cancel(reference, wait=False)):
            with self._lock:
                self.played.cancelled.add(reference)

    def _called(self, kind: str, reference: str, call: Callable[[], object]) -> bool:
        began = time.monotonic()
        try:
            call()
        except HotelError as error:
            self._history.add(kind, {"reference": reference, "error": type(error).__name__}, began)
            return False
        self._history.add(kind, {"reference": reference}, began, 200)
        return True


def steady(rate: float, seconds: float) -> list[float]:
    """Return the moments of a rate per second."""
    return [number / rate for number in range(int(rate * seconds))]
