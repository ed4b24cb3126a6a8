"""Playing real bookings as reservations."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from hotel.errors import HotelError
from hotel.replay.guests import guest_of
from hotel.replay.rows import BookingRow
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.reports import ReservationResult
from hotel.reservations.reservation import Reservation
from hotel.reservations.states import MODELLED_ENDS, ReservationState

# The data's letters that the hotel has no rooms of, and what it offers instead.
_ROOM_TYPES = {"G": "F", "H": "F"}


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        line: its line in the file.
        reference: the reservation's.
        state: the reservation's end, None where it is not known.
        seconds: from start to end in the engine, None where it did not end.
        problem: what kept it from an end; empty where it has one.
    """

    line: int
    reference: str
    state: ReservationState | None
    seconds: float | None
    problem: str = ""

    @property
    def is_modelled(self) -> bool:
        """Whether it came to an end that the process models."""
        return not self.problem and self.state in MODELLED_ENDS


@dataclass(frozen=True)
class Player:
    """Plays single rows.

    Args:
        client: makes the reservations.
        run_id: names the run in the references.
        weeks: by how many weeks all dates are moved.
        timeout: how long to wait for a reservation's end, seconds.
    """

    client: HotelReservationClient
    run_id: str
    weeks: int
    timeout: float

    def play(self, row: BookingRow) -> Outcome:
        """Make the reservation of a row; cancel it if the row was cancelled and it has been confirmed."""
        reservation = self.reservation_of(row)
        try:
            result = self.client.create_reservation(reservation, timeout=self.timeout)
            if row.cancelled and result.state is ReservationState.CONFIRMED:
                result = self.client.cancel(result.reference, timeout=self.timeout)
        except HotelError as error:
            return Outcome(row.line, reservation.reservation_ref, None, None, str(error))
        return Outcome(row.line, result.reference, result.state, result.seconds, _problem(result))

    def reservation_of(self, row: BookingRow) -> Reservation:
        """Return the reservation that a row asks for."""
        guest = guest_of(row.line)
        check_in = row.arrival + timedelta(weeks=self.weeks)
        return Reservation(
            first_name=guest.first_name,
            last_name=guest.last_name,
            email=guest.email,
            check_in=check_in.isoformat(),
            check_out=(check_in + timedelta(days=row.nights)).isoformat(),
            room_type=_ROOM_TYPES.get(row.room_type, row.room_type),
            guests=row.guests,
            table_wanted=row.table,
            reservation_ref=f"{prefix_of(self.run_id)}{row.line}",
        )


def prefix_of(run_id: str) -> str:
    """Return what the references of a run begin with."""
    return f"replay-{run_id}-"


def play_all(
    play: Callable[[BookingRow], Outcome],
    rows: Sequence[BookingRow],
    *,
    concurrency: int,
    rate: float | None,
) -> Iterator[Outcome]:
    """Play rows, several at once, and yield what became of each as it ends.

    Args:
        play: plays one row.
        rows: in the order in which they are begun.
        concurrency: how many at once; with 1 each is over before the next one begins.
        rate: how many to begin per second at most; None for no limit.
    """
    begun = _paced(rows, rate)
    taking = threading.Lock()
    outcomes: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            while True:
                with taking:
                    row = next(begun, None)
                if row is None:
                    return
                outcomes.put(play(row))
        except BaseException as error:  # noqa: BLE001  # raised again where the outcomes are read
            outcomes.put(error)

    for number in range(concurrency):
        # A daemon: an interrupted replay does not wait for what is under way.
        threading.Thread(target=work, name=f"replay-{number}", daemon=True).start()
    for _ in rows:
        outcome = outcomes.get()
        if isinstance(outcome, BaseException):
            raise outcome
        yield outcome


def _paced(rows: Sequence[BookingRow], rate: float | None) -> Iterator[BookingRow]:
    began = time.monotonic()
    for number, row in enumerate(rows):
        if rate is not None:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        yield row


def _problem(result: ReservationResult) -> str:
    if result.state in MODELLED_ENDS:
        return ""
    return f"is {result.state}; see `hotel status {result.reference}`"
