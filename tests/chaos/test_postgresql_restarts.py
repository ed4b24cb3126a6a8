"""The database server goes away every few seconds, and reservations still end as modelled."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hotel.errors import ExitCode
from support.bookings import bookings, write_csv
from support.hotel_command import HotelCommand
from support.postgresql import PostgreSQL, running_postgresql

ROWS = 500
SECONDS_BETWEEN = 5.0
FEWEST_RESTARTS = 5
JAVA_OPTIONS = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def hotel(server: PostgreSQL, tmp_path: Path) -> Iterator[HotelCommand]:
    """The command of a stack whose engine and services keep all they know on the server."""
    hotel = HotelCommand(tmp_path / "home", {"HOTEL_JAVA_OPTIONS": JAVA_OPTIONS})
    up = hotel("up", "--ports", "auto", "--workers", "2", "--database", server.url)
    try:
        assert up.code == ExitCode.OK, up.err
        yield hotel
    finally:
        hotel("down")


@contextmanager
def restarting(server: PostgreSQL) -> Iterator[list[int]]:
    """Restart the server every few seconds; the list grows by one with each restart."""
    restarts: list[int] = []
    over = threading.Event()

    def restart_until_over() -> None:
        while not over.wait(SECONDS_BETWEEN):
            server.restart()
            restarts.append(len(restarts) + 1)

    thread = threading.Thread(target=restart_until_over)
    thread.start()
    try:
        yield restarts
    finally:
        over.set()
        thread.join()


@pytest.mark.timeout(1500)
def test_reservations_survive_a_database_that_restarts_every_five_seconds(
    hotel: HotelCommand, server: PostgreSQL, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(ROWS, seed=11, days=60))

    with restarting(server) as restarts:
        ran = hotel("replay", str(file), "--json", "--timeout", "300", seconds=1200)

    assert ran.code == ExitCode.OK, ran.err + ran.out
    assert set(ran.json["invariants"].values()) == {0}
    assert sum(ran.json["states"].values()) == ROWS
    assert len(restarts) >= FEWEST_RESTARTS
