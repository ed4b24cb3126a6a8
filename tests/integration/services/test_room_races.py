"""Many clients want the same room at the same moment; each test has rooms of its own."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from support.races import Call, Clients, Reply, clients_of
from support.services import running_service

CLIENTS = 32
ROUNDS = 50
# As many threads as clients, so that it is the database that decides and not the queue before it.
CROWD = {"THREADS": str(CLIENTS), "DATABASE_POOL_SIZE": str(CLIENTS + 2)}
FIRST_DAY = dt.date(2031, 1, 1)


@pytest.fixture(scope="module")
def rooms(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    with (
        running_service("room", database_url, tmp_path_factory.mktemp("room"), **CROWD) as running,
        clients_of(running.url, CLIENTS) as clients,
    ):
        yield clients


def block(room_id: str, name: str, day: int = 0, nights: int = 2) -> Call:
    check_in = FIRST_DAY + dt.timedelta(days=day)
    body: dict[str, Any] = {
        "reservation_ref": f"{room_id}.{name}",
        "room_id": room_id,
        "check_in": check_in.isoformat(),
        "check_out": (check_in + dt.timedelta(days=nights)).isoformat(),
        "guests": 1,
    }
    return Call("/api/room/block", body)


def post(verb: str, room_id: str, name: str) -> Call:
    return Call(f"/api/room/{verb}", {"reservation_ref": f"{room_id}.{name}"})


def outcomes(replies: list[Reply]) -> Counter[tuple[int, str]]:
    return Counter((reply.status, reply.code) for reply in replies)


def active(rooms: Clients, room_id: str) -> int:
    return int(rooms.get("/api/room/stays", room_id=room_id, active="true")["total"])


def test_the_last_room_is_sold_once_in_every_round(rooms: Clients) -> None:
    """The clients want nights that overlap in different ways; all of them want the second night."""
    for turn in range(ROUNDS):
        calls = [
            block("101", f"{turn}.{number}", 5 * turn + number % 2, 2 + number % 3)
            for number in range(CLIENTS)
        ]

        assert outcomes(rooms.at_once(calls)) == {(201, ""): 1, (409, "ROOM_NOT_AVAILABLE"): CLIENTS - 1}
    assert active(rooms, "101") == ROUNDS


def test_one_reference_gets_one_stay_however_often_it_asks_at_once(rooms: Clients) -> None:
    for turn in range(10):
        replies = rooms.at_once([block("102", str(turn), 2 * turn)] * 10)

        assert outcomes(replies) == {(201, ""): 1, (200, ""): 9}
        assert len({reply.body for reply in replies}) == 1


def test_twins_with_one_key_have_one_effect_and_ten_equal_answers(rooms: Clients) -> None:
    for turn in range(10):
        call = block("103", str(turn), 2 * turn)
        replies = rooms.at_once([Call(call.path, call.body, f"key-{turn}")] * 10)

        assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
        assert sum(reply.replayed for reply in replies) == 9
    assert active(rooms, "103") == 10


def test_twins_that_are_refused_hear_the_same(rooms: Clients) -> None:
    """A refusal is kept under the key too, in a transaction of its own: twins race for that as well."""
    rooms.at_once([block("104", "first")])
    for turn in range(10):
        call = block("104", str(turn))
        replies = rooms.at_once([Call(call.path, call.body, f"refused-{turn}")] * 10)

        assert outcomes(replies) == {(409, "ROOM_NOT_AVAILABLE"): 10}
        assert sum(reply.replayed for reply in replies) == 9


def test_release_that_races_with_its_hold_always_wins(rooms: Clients) -> None:
    """Either the room is held and released, or it is refused; it is never left held."""
    for turn in range(20):
        name = str(turn)
        replies = rooms.at_once([*[block("105", name)] * 4, *[post("release", "105", name)] * 4])

        assert {reply.status for reply in replies[4:]} == {200}
        assert sum(reply.json()["released"] for reply in replies[4:]) <= 1
        assert {reply.code for reply in replies[:4]} <= {"", "RESERVATION_CANCELLED"}
        assert active(rooms, "105") == 0


def test_confirming_and_releasing_at_once_leaves_nothing_kept(rooms: Clients) -> None:
    for turn in range(20):
        name = str(turn)
        assert outcomes(rooms.at_once([block("106", name)])) == {(201, ""): 1}

        replies = rooms.at_once([post(verb, "106", name) for verb in ("confirm", "release") * 4])

        assert {reply.code for reply in replies} <= {"", "RESERVATION_CANCELLED"}
        assert active(rooms, "106") == 0


def test_rushes_for_several_rooms_sell_each_once(rooms: Clients) -> None:
    wanted = ["107", "108", "109", "110"]
    for turn in range(10):
        calls = [block(wanted[number % 4], f"{turn}.{number}", 3 * turn, 3) for number in range(CLIENTS)]

        assert outcomes(rooms.at_once(calls)) == {(201, ""): 4, (409, "ROOM_NOT_AVAILABLE"): CLIENTS - 4}
