"""`HotelReservationClient`: reservations for Python programs, and under the command."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from types import TracebackType
from typing import Any, Self

from external_tasks.engine.client import EngineClient

from hotel.errors import ReferenceConflict, ReservationNotFound, StateConflict, WaitTimeout
from hotel.reservations.browsing import browse
from hotel.reservations.connection import opened_engine
from hotel.reservations.engine import ReservationEngine
from hotel.reservations.reports import Activity, ReservationResult, ReservationStatus
from hotel.reservations.reservation import Reservation
from hotel.reservations.states import Instance, ReservationState, Reserved
from hotel.reservations.watching import SharedWatch, has_ended
from hotel.settings import HotelSettings

# How often a reservation that takes longer is asked whether it waits for somebody's help.
_HELP_SECONDS = 5.0

# Called at each look at a reservation that is waited for, with the ids of its process instances.
Watcher = Callable[[Sequence[str]], None]


class HotelReservationClient:
    """Makes reservations by starting their process in the engine, and follows them.

    Usable from several threads at once: what all of them wait for is one question to the engine, at most ten
    times a second while reservations begin and end, and once a second while they only wait.

    Args:
        engine: client of the engine's REST API; by default that of the local stack, or of the engine that the
            environment names (`HOTEL_ENGINE_URL`, `HOTEL_ENGINE_USER`, `HOTEL_ENGINE_PASSWORD`; or
            `HOTEL_CONTEXT`, `HOTEL_NAMESPACE`, `HOTEL_RELEASE` for a release in a cluster).
        patience_seconds: how long a call is repeated while the engine does not answer, before it raises.
    """

    def __init__(self, engine: EngineClient | None = None, *, patience_seconds: float = 0) -> None:
        self._owned = ExitStack()
        client = engine or self._owned.enter_context(opened_engine(HotelSettings()))
        self._engine = ReservationEngine(client, patience_seconds=patience_seconds)
        self._shared = SharedWatch(self._engine.instances_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that this client opened itself."""
        self._owned.close()

    def create_reservation(
        self,
        reservation: Reservation | Mapping[str, Any],
        *,
        wait: bool = True,
        timeout: float = 60.0,
        watch: Watcher | None = None,
    ) -> ReservationResult:
        """Make a reservation and return it when it has ended, confirmed or not.

        It may be repeated: with the reference and the fields of an earlier one it returns that one.

        Args:
            reservation: what is wanted; a mapping has the fields of `Reservation`.
            wait: whether to wait for its end; without, it is usually in progress.
            timeout: how long to wait, seconds.
            watch: is called at each look at it while it is waited for.

        Raises:
            InvalidReservation: its fields are not what they must be; nothing was started.
            ReferenceConflict: the reference belongs to a reservation with other fields.
            WaitTimeout: it has not ended in time; it goes on in the engine.
            HotelError: the engine is unreachable or refuses.
        """
        if not isinstance(reservation, Reservation):
            reservation = Reservation.parse(reservation)
        reference = reservation.reservation_ref
        known = bool(self._engine.instances(reference))
        if known:
            _check_same(reservation, self._reserved(reference))
        else:
            self._engine.start(reservation)
        if not wait:
            return self.get(reference)
        reserved = self._wait(reference, timeout, watch, at_once=known)
        # A twin that was started at the same time may have won the reference.
        _check_same(reservation, reserved)
        return ReservationResult.of(reserved)

    def wait(
        self, reference: str, *, timeout: float = 60.0, watch: Watcher | None = None
    ) -> ReservationResult:
        """Return a reservation when nothing of it goes on any more, or when it waits for help.

        Args:
            reference: the reservation's.
            timeout: how long to wait, seconds.
            watch: is called at each look at it.

        Raises:
            ReservationNotFound: no reservation has this reference.
            WaitTimeout: it has not ended in time.
        """
        return ReservationResult.of(self._wait(reference, timeout, watch, at_once=True))

    def get(self, reference: str) -> ReservationResult:
        """Return a reservation as it stands now.

        Raises:
            ReservationNotFound: no reservation has this reference.
        """
        return ReservationResult.of(self._reserved(reference))

    def status(self, reference: str) -> ReservationStatus:
        """Return a reservation with its history and incidents.

        Raises:
            ReservationNotFound: no reservation has this reference.
        """
        reserved = self._reserved(reference)
        activities = self.activities([instance.id for instance in reserved.instances])
        live = [part for instance in reserved.instances for part in self._live_ids(instance)]
        incidents = [incident for part in live for incident in self._engine.incidents(part)]
        return ReservationStatus(ReservationResult.of(reserved), activities, incidents)

    def activities(self, instance_ids: Sequence[str]) -> list[Activity]:
        """Return the history of process instances and of those that they called, instance by instance."""
        return [activity for instance_id in instance_ids for activity in self._engine.activities(instance_id)]

    def cancel(self, reference: str, *, wait: bool = True, timeout: float = 60.0) -> ReservationResult:
        """Cancel a reservation, whether it is in progress or confirmed, and return it when all is undone.

        Cancelling one that is cancelled changes nothing.

        Raises:
            ReservationNotFound: no reservation has this reference.
            StateConflict: it ended otherwise, so there is nothing to cancel, or it is suspended.
            WaitTimeout: the cancellation has not ended in time; it goes on.
        """
        reserved = self._reserved(reference)
        if reserved.suspended:
            raise StateConflict(f"reservation {reference} is suspended: `hotel resume {reference}` first")
        if reserved.state in {ReservationState.IN_PROGRESS, ReservationState.CONFIRMED}:
            self._engine.send_cancel(reference)
        elif reserved.state is not ReservationState.CANCELLED:
            raise StateConflict(f"reservation {reference} is {reserved.state}: there is nothing to cancel")
        return self.wait(reference, timeout=timeout) if wait else self.get(reference)

    def suspend(self, reference: str) -> ReservationResult:
        """Suspend a reservation: it waits where it stands.

        Raises:
            ReservationNotFound: no reservation has this reference.
            StateConflict: it has ended.
        """
        return self._set_suspended(reference, suspended=True)

    def resume(self, reference: str) -> ReservationResult:
        """Resume a suspended reservation.

        Raises:
            ReservationNotFound: no reservation has this reference.
            StateConflict: it has ended.
        """
        return self._set_suspended(reference, suspended=False)

    def retry(self, reference: str, *, retries: int = 3) -> int:
        """Give every failed task of a reservation new tries and return how many there were.

        Args:
            reference: the reservation's.
            retries: how many tries each gets.

        Raises:
            ReservationNotFound: no reservation has this reference.
        """
        incidents = self.status(reference).incidents
        for incident in incidents:
            self._engine.retry(incident, retries=retries)
        return len(incidents)

    def list_reservations(
        self, state: ReservationState | None = None, *, offset: int = 0, limit: int = 50
    ) -> list[ReservationResult]:
        """Return reservations, the youngest first, with those of their variables alone that tell their state.

        Args:
            state: only those in this state.
            offset: how many of those to leave out.
            limit: how many to return at most.
        """
        found = islice(browse(self._engine, state), offset, offset + limit)
        return [ReservationResult.of(reserved) for reserved in found]

    def count_incidents(self) -> int:
        """Return how many incidents stand in all reservations."""
        return self._engine.count_incidents()

    def _wait(self, reference: str, timeout: float, watch: Watcher | None, *, at_once: bool) -> Reserved:
        began = time.monotonic()
        next_check = began + _HELP_SECONDS
        with self._shared.watched(reference, deadline=began + timeout, at_once=at_once) as next_look:
            while True:
                instances = next_look()
                _check_known(reference, instances)
                if watch is not None:
                    watch([instance.id for instance in instances])
                if has_ended(instances):
                    return Reserved.of(instances)
                now = time.monotonic()
                if now >= next_check:
                    next_check = now + _HELP_SECONDS
                    if self._waits_for_help(
                        [instance for instance in instances if instance.ended_at is None]
                    ):
                        return self._reserved(reference)
                if now >= began + timeout:
                    raise WaitTimeout(
                        f"reservation {reference} has not ended within {timeout:g} s; it goes on: "
                        f"`hotel status {reference}` shows where it stands"
                    )

    def _waits_for_help(self, instances: Sequence[Instance]) -> bool:
        running = (instance for instance in instances if instance.ended_at is None)
        return any(self._engine.has_incident(instance.id) for instance in running)

    def _known(self, reference: str) -> list[Instance]:
        instances = self._engine.instances(reference)
        _check_known(reference, instances)
        return instances

    def _reserved(self, reference: str) -> Reserved:
        return Reserved.of(self._engine.with_variables(self._known(reference)))

    def _set_suspended(self, reference: str, *, suspended: bool) -> ReservationResult:
        reserved = self._reserved(reference)
        live = [part for instance in reserved.instances for part in self._live_ids(instance)]
        if not live:
            raise StateConflict(f"reservation {reference} has ended: it is {reserved.state}")
        for part in live:
            self._engine.set_suspended(part, suspended=suspended)
        return self.get(reference)

    def _live_ids(self, instance: Instance) -> list[str]:
        return [] if instance.ended_at else self._engine.live_ids(instance.id)


def _check_known(reference: str, instances: Sequence[Instance]) -> None:
    if all(instance.is_cancellation for instance in instances):
        raise ReservationNotFound(f"no reservation has the reference {reference}")


def _check_same(reservation: Reservation, reserved: Reserved) -> None:
    fields = reservation.differing_fields(reserved.canonical.variables)
    if fields:
        raise ReferenceConflict(reservation.reservation_ref, fields)
