"""The sweep after a fault: each planted fault is counted where it belongs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from chaos.clients import Clients
from chaos.play import Played
from chaos.sweep import Verdict, judge
from hotel.replay.player import Outcome
from hotel.replay.records import Booking, Records, Stay, TableReservation
from hotel.reservations.states import ReservationState

FIRST, SECOND, LAST = date(2030, 1, 1), date(2030, 1, 2), date(2030, 1, 4)
RECORDS = Records(
    stays=[Stay("a", "101", FIRST, SECOND, active=True), Stay("c", "101", FIRST, SECOND, active=False)],
    bookings=[Booking("a", alive=True), Booking("c", alive=False)],
    tables=[TableReservation("a", "1", FIRST, "early", active=True)],
    emails=["a@example.com", "c@example.com"],
)
OUTCOMES = {
    "a": Outcome(1, "a", ReservationState.CONFIRMED, 1.0),
    "c": Outcome(2, "c", ReservationState.CANCELLED, 1.0),
}
PLAYED = Played("load", acknowledged={"a", "c"}, cancelled={"c"})
CLIENTS = Clients({"1": "a@example.com", "2": "c@example.com"}, {"a": "1", "c": "2"})


def verdict(
    records: Records = RECORDS,
    played: Played = PLAYED,
    outcomes: dict[str, Outcome] = OUTCOMES,
    incidents: int = 0,
    without_end: int = 0,
    clients: Clients = CLIENTS,
) -> Verdict:
    return judge(records, played, outcomes, [], incidents, without_end, clients)


def test_all_is_well() -> None:
    assert verdict().holds


def test_the_clients_of_other_loads_are_not_this_ones() -> None:
    others = Clients({**CLIENTS.emails, "3": "loads-1@example.com"}, {**CLIENTS.of_bookings, "x": "9"})

    assert verdict(clients=others).holds


@pytest.mark.parametrize(
    ("planted", "count"),
    [
        (lambda: verdict(played=replace(PLAYED, acknowledged={"a", "c", "lost"})), "lost"),
        (lambda: verdict(played=replace(PLAYED, cancelled={"a"})), "lost"),
        (
            lambda: verdict(
                replace(RECORDS, stays=[*RECORDS.stays, Stay("a", "101", FIRST, LAST, active=True)])
            ),
            "doubled",
        ),
        (lambda: verdict(replace(RECORDS, tables=[*RECORDS.tables, *RECORDS.tables])), "doubled"),
        (
            lambda: verdict(replace(RECORDS, bookings=[*RECORDS.bookings, Booking("a", alive=False)])),
            "doubled",
        ),
        (lambda: verdict(replace(RECORDS, emails=["a@example.com", "A@example.com"])), "doubled"),
        (
            lambda: verdict(
                replace(RECORDS, stays=[*RECORDS.stays, Stay("c", "102", FIRST, LAST, active=True)])
            ),
            "orphans",
        ),
        (
            lambda: verdict(
                replace(
                    RECORDS, tables=[*RECORDS.tables, TableReservation("c", "2", FIRST, "late", active=True)]
                )
            ),
            "orphans",
        ),
        (
            lambda: verdict(replace(RECORDS, bookings=[Booking("a", alive=True), Booking("c", alive=True)])),
            "orphans",
        ),
        (lambda: verdict(replace(RECORDS, stays=[])), "orphans"),
        (
            lambda: verdict(clients=replace(CLIENTS, emails={**CLIENTS.emails, "3": "load-7@example.com"})),
            "orphans",
        ),
        (lambda: verdict(clients=replace(CLIENTS, emails={"2": "c@example.com"})), "orphans"),
        (lambda: verdict(clients=replace(CLIENTS, of_bookings={"a": "2", "c": "2"})), "orphans"),
        (
            lambda: verdict(
                outcomes={**OUTCOMES, "c": Outcome(2, "c", ReservationState.IN_PROGRESS, None, "waits")}
            ),
            "stuck",
        ),
        (lambda: verdict(incidents=1), "stuck"),
        (lambda: verdict(without_end=1), "incomplete"),
    ],
)
def test_a_planted_fault_is_found(planted: Callable[[], Verdict], count: str) -> None:
    found = planted()

    assert getattr(found, count) >= 1
    assert not found.holds
