"""What is wrong when all is over: counts that are 0 when nothing was lost, doubled, left behind or stuck."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hotel.errors import HotelError, ReservationNotFound, WaitTimeout
from hotel.replay.database_records import read_records
from hotel.replay.invariants import count_violations
from hotel.replay.player import Outcome
from hotel.replay.records import Records
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.states import MODELLED_ENDS, ReservationState

from chaos import holds
from chaos.arena import Arena
from chaos.clients import Clients, orphans, read_clients
from chaos.history import Operation
from chaos.play import Played

DOUBLED = ("no_overlapping_stays", "no_table_sold_twice", "one_booking_per_reference", "one_client_per_email")
ORPHANS = (
    "no_hold_without_live_booking",
    "no_table_without_live_booking",
    "no_booking_without_confirmed_reservation",
    "no_confirmed_reservation_without_booking_and_room",
)


@dataclass(frozen=True)
class Verdict:
    """What came of a run, in numbers.

    Attributes:
        lost: starts or cancellations that were acknowledged and that nobody knows of.
        doubled: rooms, tables, bookings or clients that exist twice.
        orphans: rooms, tables and bookings without a reservation that is confirmed, and the other way round;
            clients without a reservation, and bookings without their client.
        stuck: reservations without an end, and incidents.
        unordered: rooms whose answers no order of the calls explains.
        incomplete: activities of which the engine's history has no end.
        problems: what was found, in words.
    """

    lost: int
    doubled: int
    orphans: int
    stuck: int
    unordered: int
    incomplete: int
    problems: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any((self.lost, self.doubled, self.orphans, self.stuck, self.unordered, self.incomplete))


def sweep(
    arena: Arena, played: Played, outcomes: Mapping[str, Outcome], calls: Sequence[Operation]
) -> Verdict:
    """Look at everything on record."""
    records = read_records(arena.parts.database_urls)
    incidents = arena.stack.client.count_incidents()
    clients = read_clients(arena.parts.database_urls)
    return judge(records, played, outcomes, calls, incidents, _without_end(arena), clients)


def judge(
    records: Records,
    played: Played,
    outcomes: Mapping[str, Outcome],
    calls: Iterable[Operation],
    incidents: int,
    without_end: int,
    clients: Clients,
) -> Verdict:
    """Judge what is on record.

    Args:
        records: of the services.
        played: what the clients know.
        outcomes: of every reservation that the engine knows.
        calls: to the room service.
        incidents: that stand in the engine.
        without_end: activities of which the engine's history has no end.
        clients: whose records there are, and who made which booking.
    """
    found = count_violations(records, list(outcomes.values()), incidents)
    unordered = holds.violations(calls)
    lost = sorted(played.acknowledged - set(outcomes)) + sorted(
        reference
        for reference in played.cancelled & set(outcomes)
        if outcomes[reference].state is ReservationState.CONFIRMED
    )
    stuck = [outcome for outcome in outcomes.values() if not outcome.is_modelled]
    alone = orphans(clients, played.name, set(outcomes))
    problems = [
        *alone,
        *(f"lost: {reference}" for reference in lost),
        *(f"stuck: {outcome.reference}: {outcome.state} {outcome.problem}" for outcome in stuck),
        *(f"room {room}: no order explains the answers" for room in unordered),
        *(f"{name}: {count}" for name, count in found.items() if count),
        *_mismatches(records, outcomes),
    ]
    return Verdict(
        lost=len(lost),
        doubled=sum(found[name] for name in DOUBLED),
        orphans=sum(found[name] for name in ORPHANS) + len(alone),
        stuck=len(stuck) + incidents,
        unordered=len(unordered),
        incomplete=without_end,
        problems=problems,
    )


def _mismatches(records: Records, outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return the reservations whose room, booking and end do not agree, in words."""
    rooms = {stay.reference for stay in records.stays if stay.active}
    bookings = {booking.reference for booking in records.bookings if booking.alive}
    return [
        f"{reference}: {outcome.state}, room {reference in rooms}, booking {reference in bookings}"
        for reference, outcome in outcomes.items()
        if len({reference in rooms, reference in bookings, outcome.state is ReservationState.CONFIRMED}) > 1
    ]


def outcomes_of(
    client: HotelReservationClient, references: Collection[str], timeout: float
) -> dict[str, Outcome]:
    """Wait for every reservation's end, within so many seconds each; one that nobody knows is left out."""
    found = {}
    for number, reference in enumerate(sorted(references)):
        try:
            result = client.wait(reference, timeout=timeout)
        except ReservationNotFound:
            continue
        except WaitTimeout as error:
            found[reference] = Outcome(number, reference, ReservationState.IN_PROGRESS, None, str(error))
        except HotelError as error:
            found[reference] = Outcome(number, reference, None, None, str(error))
        else:
            problem = "" if result.state in MODELLED_ENDS else f"ended as {result.state}"
            found[reference] = Outcome(number, reference, result.state, result.seconds, problem)
    return found


def _without_end(arena: Arena) -> int:
    """Count the activities that have no end in the engine's history; every reservation should have one."""
    query = {"unfinished": True}
    return int(arena.stack.engine.client("admin").get("/history/activity-instance/count", query)["count"])
