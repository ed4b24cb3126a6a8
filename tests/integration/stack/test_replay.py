"""Bookings played against the stack."""

import signal
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hotel.errors import ExitCode
from hotel.replay.rows import BookingFile, BookingRow
from support.bookings import booking, bookings, write_csv
from support.hotel_command import HotelCommand
from support.reservations import Services
from support.stacks import Stack

Taken = dict[str, list[tuple[date, date]]]


@pytest.fixture
def taken(services: Services) -> Taken:
    """When each room is taken already, by whatever ran before."""
    stays: Taken = {}
    offset = 0
    while page := services.get("room", "/api/room/stays", active="true", limit="200", offset=str(offset))[
        "items"
    ]:
        for stay in page:
            span = (date.fromisoformat(stay["check_in"]), date.fromisoformat(stay["check_out"]))
            stays.setdefault(stay["room_id"], []).append(span)
        offset += len(page)
    return stays


def oracle(rows: list[BookingRow], weeks: int, rooms: list[dict[str, Any]], taken: Taken) -> list[str]:
    """Say how each row must end: in the first free room of its type that is large enough, if there is one."""
    ends = []
    for row in rows:
        begin = row.arrival + timedelta(weeks=weeks)
        end = begin + timedelta(days=row.nights)
        wanted = {"G": "F", "H": "F"}.get(row.room_type, row.room_type)
        fitting = [r["room_id"] for r in rooms if r["room_type"] == wanted and r["capacity"] >= row.guests]
        free = [r for r in sorted(fitting) if all(e <= begin or end <= b for b, e in taken.get(r, []))]
        if not row.nights or not row.guests:
            ends.append("rejected")
        elif free and not row.cancelled:
            taken.setdefault(free[0], []).append((begin, end))
            ends.append(f"confirmed in {free[0]}")
        else:
            ends.append("cancelled" if free else "not_available")
    return ends


@pytest.mark.any_engine
def test_played_one_at_a_time_rows_end_as_a_greedy_oracle_says(
    stack: Stack, hotel: HotelCommand, services: Services, taken: Taken, tmp_path: Path
) -> None:
    file = write_csv(
        tmp_path / "bookings.csv", [*bookings(38, seed=7, days=4, room_types="FFGHCC"), *odd_rows()]
    )
    rows = [row for row in BookingFile.read(file).rows if isinstance(row, BookingRow)]

    ran = hotel("replay", str(file), "--concurrency", "1", "--json")

    assert ran.code == ExitCode.OK, ran.err
    rooms = services.get("room", "/api/room/rooms", limit="200")["items"]
    expected = oracle(rows, ran.json["weeks_moved"], rooms, taken)
    results = [stack.client.get(f"replay-{ran.json['run_id']}-{row.line}") for row in rows]
    ends = [f"confirmed in {r.variables['room_id']}" if r.state == "confirmed" else r.state for r in results]
    assert ends == expected
    assert {end.partition(" ")[0] for end in expected} == {
        "confirmed",
        "cancelled",
        "not_available",
        "rejected",
    }


def odd_rows() -> list[dict[str, str]]:
    return [
        booking(stays_in_weekend_nights=0, stays_in_week_nights=0),
        booking(adults=0),
        booking(adults=3, reserved_room_type="A"),
    ]


def test_many_at_once_all_end_in_the_model_and_the_invariants_hold(
    hotel: HotelCommand, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(120, seed=11, days=8))

    ran = hotel("replay", str(file), "--concurrency", "12", "--json")

    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["rows"] == 120
    assert ran.json["unmodelled"] == []
    assert set(ran.json["invariants"].values()) == {0}
    assert ran.json["invariants_read_from"] == "databases"
    assert {"confirmed", "cancelled", "rejected", "not_available"} >= ran.json["states"].keys()
    assert {"confirmed", "cancelled"} <= ran.json["states"].keys()


@pytest.mark.any_engine
def test_the_same_run_again_plays_nothing_twice(hotel: HotelCommand, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(5, seed=3))
    first = hotel("replay", str(file), "--run-id", "again", "--json")

    second = hotel("replay", str(file), "--run-id", "again", "--json")

    assert second.code == ExitCode.OK, second.err
    assert second.json["states"] == first.json["states"]
    assert second.json["latency_seconds"] == first.json["latency_seconds"]


@pytest.mark.any_engine
def test_an_interrupted_replay_shows_how_to_play_the_rest(hotel: HotelCommand, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(300, seed=4))
    with hotel.begin("replay", str(file), "--rate", "1", "--concurrency", "1") as replaying:
        assert replaying.stderr is not None
        first = replaying.stderr.readline()
        run_id = first.split()[1].rstrip(":")
        replaying.send_signal(signal.SIGINT)
        _, problem = replaying.communicate(timeout=60)

    assert replaying.returncode == ExitCode.INTERRUPTED
    assert first == f"run {run_id}: 300 reservations\n"
    assert f"--run-id {run_id}" in problem
    assert "of 300 reservations" in problem
    assert "Traceback" not in problem


@pytest.mark.any_engine
def test_broken_rows_are_told_by_line_and_the_rest_is_played(hotel: HotelCommand, tmp_path: Path) -> None:
    rows = [booking(), booking(arrival_date_month="Juli"), booking(adults="two"), booking()]
    file = write_csv(tmp_path / "bookings.csv", rows)

    ran = hotel("replay", str(file))

    assert ran.code == ExitCode.OK
    assert "line 3: arrival_date_month: 'Juli' is no month" in ran.err
    assert "line 4: adults: 'two' is no whole number" in ran.err
    assert "2 reservations" in ran.out
    assert "2 broken rows were left out" in ran.out
    assert "no_overlapping_stays" in ran.out


@pytest.mark.any_engine
def test_the_services_lists_tell_the_same_as_their_databases(stack: Stack, tmp_path: Path) -> None:
    user, password = stack.engine.credentials["client"]
    elsewhere = HotelCommand(
        tmp_path,
        {
            "HOTEL_ENGINE_URL": stack.engine.url,
            "HOTEL_ENGINE_USER": user,
            "HOTEL_ENGINE_PASSWORD": password,
            "HOTEL_SERVICE_TOKEN": stack.token,
            **{f"HOTEL_{name.upper()}_URL": url for name, url in stack.urls.items()},
        },
    )
    file = write_csv(tmp_path / "bookings.csv", bookings(6, seed=5))

    ran = elsewhere("replay", str(file), "--json")

    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["invariants_read_from"] == "services"
    assert set(ran.json["invariants"].values()) == {0}
