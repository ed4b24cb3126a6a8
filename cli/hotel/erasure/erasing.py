"""Finding all that the hotel keeps of a person, and erasing it in an order that may be cut off and repeated.

The engine comes first and the client service last: the address that the service knows leads to the person, so
as long as anything is left in the engine, the same command finds it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from external_tasks.engine.client import EngineClient
from external_tasks.engine.urls import path_segment

from hotel.erasure.history import CLIENT_ID, EMAIL, PROCESSES, EngineHistory, Trace, Value, is_of
from hotel.erasure.person import Person, Wanted, email_form
from hotel.errors import PersonNotFound, StateConflict
from hotel.names import Service
from hotel.reservations.client import HotelReservationClient
from hotel.service_client import ServiceClient

_CLIENTS = "/api/client/clients"


@dataclass(frozen=True)
class Booking:
    """A booking of the person; it stays, with an id of a client that nobody knows any more."""

    booking_id: str
    reference: str
    status: str
    check_in: str
    check_out: str

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Booking":
        """Read it from the booking service's answer."""
        return cls(
            booking_id=item["booking_id"],
            reference=item["reservation_ref"],
            status=item["status"],
            check_in=item["check_in"],
            check_out=item["check_out"],
        )


@dataclass(frozen=True)
class Found:
    """What the hotel keeps of a person.

    Attributes:
        person: by what it is found.
        traces: process instances that hold the person's data, the called ones first.
        clients: ids of those clients that the client service still knows by name.
        bookings: what stays.
        elsewhere: keys of other processes that hold the address or the id; these are left alone.
    """

    person: Person
    traces: Sequence[Trace]
    clients: Sequence[str]
    bookings: Sequence[Booking]
    elsewhere: Sequence[str]

    @property
    def references(self) -> list[str]:
        """The references of the person's reservations in the engine."""
        return sorted({trace.reference for trace in self.traces if trace.reference})

    @property
    def running(self) -> list[str]:
        """The references of those that have not ended."""
        return sorted({trace.reference for trace in self.traces if not trace.ended})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to erase."""
        return not self.traces and not self.clients


class Eraser:
    """Erases persons.

    Args:
        engine: client of the engine, as a user with the rights of `EngineHistory`.
        services: clients of the services.
    """

    def __init__(self, engine: EngineClient, services: Mapping[Service, ServiceClient]) -> None:
        self._history = EngineHistory(engine)
        self._reservations = HotelReservationClient(engine)
        self._services = services

    def find(self, wanted: Wanted) -> Found:
        """Return what the hotel keeps of a person.

        Raises:
            PersonNotFound: nothing was ever known of such a person.
            Refused: the engine's user lacks a right.
            HotelError: the engine or a service is unreachable.
        """
        self._history.check_rights()
        values = self._history.values()
        person = self._person(wanted, values)
        known = {client_id: self._client(client_id) for client_id in sorted(person.client_ids)}
        found = Found(
            person=person,
            traces=self._history.traces(values, person),
            clients=[client_id for client_id, client in known.items() if client and not client["erased_at"]],
            bookings=[booking for client_id in known for booking in self._bookings(client_id)],
            elsewhere=sorted({v.process for v in values if is_of(v, person)} - set(PROCESSES)),
        )
        if found.is_empty and not any(known.values()):
            raise PersonNotFound("neither the engine nor the client service knows this person")
        return found

    def erase(self, found: Found) -> None:
        """Erase what was found.

        Raises:
            StateConflict: a reservation of the person has not ended.
            HotelError: the engine or a service is unreachable; what was erased until then stays erased.
        """
        self._check_ended(found.traces)
        for trace in found.traces:
            self._history.remove(trace)
        # A reservation that the person made meanwhile would bring the data back.
        self._check_ended(self._history.traces(self._history.values(), found.person))
        for client_id in found.clients:
            self._services[Service.CLIENT].post(f"{_path_of(client_id)}/erase")

    def cancel(self, reference: str, timeout: float) -> None:
        """Cancel a reservation that has not ended, and wait until everything is undone.

        Raises:
            HotelError: as `HotelReservationClient.cancel`.
        """
        self._reservations.cancel(reference, timeout=timeout)

    def _check_ended(self, traces: Sequence[Trace]) -> None:
        running = sorted({trace.reference for trace in traces if not trace.ended})
        if running:
            raise StateConflict(
                f"reservations of this person have not ended: {', '.join(running)}. Their steps still need "
                "the person's data: wait for their end, or add --cancel"
            )

    def _person(self, wanted: Wanted, values: Sequence[Value]) -> Person:
        email, client_id = wanted.email, wanted.client_id
        if wanted.reference is not None:
            variables = self._reservations.get(wanted.reference).variables
            email, client_id = variables.get(EMAIL), variables.get(CLIENT_ID)
        if client_id is not None:
            client = self._client(client_id)
            return Person(_forms((email, client["email"] if client else None)), frozenset({client_id}))
        if email is None:
            raise PersonNotFound("this reservation names no person any more")
        return Person(_forms([email]), frozenset(self._client_ids(email, values)))

    def _client_ids(self, email: str, values: Sequence[Value]) -> set[str]:
        """Return the ids that belong to an address, by the client service and by the history."""
        form = email_form(email)
        having = {v.instance_id for v in values if v.name == EMAIL and email_form(v.value) == form}
        ids = {v.value for v in values if v.name == CLIENT_ID and v.instance_id in having}
        answer = self._services[Service.CLIENT].get("/api/client/search", {"email": email})
        if answer and answer["found"]:
            ids.add(answer["client"]["client_id"])
        return ids

    def _client(self, client_id: str) -> dict[str, Any] | None:
        try:
            path = _path_of(client_id)
        except ValueError:
            # It comes from a process variable, which may hold anything: no client has such an id.
            return None
        return self._services[Service.CLIENT].get(path)

    def _bookings(self, client_id: str) -> list[Booking]:
        items = self._services[Service.BOOKING].items("/api/booking/bookings", {"client_id": client_id})
        return [Booking.of(item) for item in items]


def _path_of(client_id: str) -> str:
    """Return a client's path; ValueError: the id cannot be a part of one."""
    return f"{_CLIENTS}/{path_segment(client_id)}"


def _forms(emails: Iterable[str | None]) -> frozenset[str]:
    return frozenset(email_form(email) for email in emails if email)
