"""Records of people: each belongs to a reservation that the engine knows, and each booking to a client."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import psycopg
from hotel.names import Service


@dataclass(frozen=True)
class Clients:
    """What is on record about people.

    Attributes:
        emails: by the client's id.
        of_bookings: the client's id, by the reference of the booking.
    """

    emails: Mapping[str, str] = field(default_factory=dict)
    of_bookings: Mapping[str, str] = field(default_factory=dict)


def read_clients(urls: Mapping[Service, str]) -> Clients:
    """Read the databases of the services for clients and bookings."""
    emails = "SELECT client_id, email FROM clients WHERE email IS NOT NULL"
    of_bookings = "SELECT reservation_ref, client_id FROM bookings"
    return Clients(_pairs(urls[Service.CLIENT], emails), _pairs(urls[Service.BOOKING], of_bookings))


def orphans(clients: Clients, load: str, references: Collection[str]) -> list[str]:
    """Return what is wrong, in words.

    Args:
        clients: what is on record.
        load: what the references of the load begin with, before a hyphen. The address of each of its guests
            is the reference with a domain, so that it tells whose record it is.
        references: of the load's reservations that the engine knows.
    """
    owners = {client: email.partition("@")[0] for client, email in clients.emails.items()}
    alone = sorted(
        owner for owner in owners.values() if owner.startswith(f"{load}-") and owner not in references
    )
    astray = sorted(
        reference
        for reference, client in clients.of_bookings.items()
        if reference in references and owners.get(client) != reference
    )
    return [
        *(f"client {owner}: the engine knows no such reservation" for owner in alone),
        *(f"booking {reference}: leads to no client, or to another's" for reference in astray),
    ]


def _pairs(url: str, query: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        return {str(one): str(other) for one, other in connection.execute(query.encode())}
