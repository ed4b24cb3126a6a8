"""Many clients want the same table at the same moment."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from support.races import Call, Clients, Reply, clients_of
from support.services import running_service

RESERVE = "/api/restaurant/reserve"
CANCEL = "/api/restaurant/cancel"
LIST = "/api/restaurant/reservations"
CLIENTS = 32
ROUNDS = 50
# As many threads as clients, so that it is the database that decides and not the queue before it.
CROWD = {"THREADS": str(CLIENTS), "DATABASE_POOL_SIZE": str(CLIENTS + 2)}
SMALL = ["small-1", "small-2", "small-3", "small-4"]
TABLES = {"big": 8} | dict.fromkeys(SMALL, 2)
FLOOR_PLAN = {
    "seatings": ["18:00"],
    "tables": [{"table_id": name, "seats": seats} for name, seats in TABLES.items()],
}


@pytest.fixture(scope="module")
def restaurant(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """A restaurant with one table for a large party and four for small ones; each test has its own year."""
    folder = tmp_path_factory.mktemp("restaurant")
    seed = folder / "seed.json"
    seed.write_text(json.dumps(FLOOR_PLAN))
    with (
        running_service("restaurant", database_url, folder, SEED_FILE=str(seed), **CROWD) as running,
        clients_of(running.url, CLIENTS) as clients,
    ):
        yield clients


def days(year: int, count: int) -> list[str]:
    return [f"{year}-{number // 28 + 1:02}-{number % 28 + 1:02}" for number in range(count)]


def dinner(ref: str, day: str, guests: int) -> Call:
    body = {"reservation_ref": ref, "date": day, "seating": "18:00", "guests": guests}
    return Call(RESERVE, body)


def outcomes(replies: list[Reply]) -> Counter[tuple[int, str]]:
    return Counter((reply.status, reply.code) for reply in replies)


def sold_on(restaurant: Clients, day: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = restaurant.get(LIST, date=day, state="reserved")["items"]
    return items


def test_the_last_table_is_sold_once_in_every_round(restaurant: Clients) -> None:
    for day in days(2031, ROUNDS):
        replies = restaurant.at_once([dinner(f"{day}.{number}", day, 8) for number in range(CLIENTS)])

        assert outcomes(replies) == {(201, ""): 1, (409, "TABLE_NOT_AVAILABLE"): CLIENTS - 1}
        assert [item["table_id"] for item in sold_on(restaurant, day)] == ["big"]


def test_who_loses_a_table_gets_the_next_one_while_there_is_one(restaurant: Clients) -> None:
    for day in days(2032, 5):
        replies = restaurant.at_once([dinner(f"{day}.{number}", day, 2) for number in range(CLIENTS)])

        assert outcomes(replies) == {(201, ""): 5, (409, "TABLE_NOT_AVAILABLE"): CLIENTS - 5}
        assert sorted(item["table_id"] for item in sold_on(restaurant, day)) == ["big", *SMALL]


def test_one_reference_gets_one_table_however_often_it_asks_at_once(restaurant: Clients) -> None:
    for day in days(2033, 10):
        replies = restaurant.at_once([dinner(day, day, 2)] * 10)

        assert outcomes(replies) == {(201, ""): 1, (200, ""): 9}
        assert len({reply.body for reply in replies}) == 1
        assert len(sold_on(restaurant, day)) == 1


def test_twins_with_one_key_have_one_effect_and_ten_equal_answers(restaurant: Clients) -> None:
    for day in days(2034, 10):
        call = dinner(day, day, 2)

        replies = restaurant.at_once([Call(call.path, call.body, key=day)] * 10)

        assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
        assert sum(reply.replayed for reply in replies) == 9
        assert len(sold_on(restaurant, day)) == 1


def test_a_cancellation_that_races_with_its_reservation_leaves_no_table_behind(restaurant: Clients) -> None:
    """Either the table is reserved first and then given back, or it is refused for good."""
    for day in days(2035, 20):
        cancel = Call(CANCEL, {"reservation_ref": day})

        replies = restaurant.at_once([*[dinner(day, day, 8)] * 4, *[cancel] * 4])

        reserved, cancelled = replies[:4], replies[4:]
        assert {reply.code for reply in reserved} <= {"", "RESERVATION_CANCELLED"}
        assert {reply.status for reply in cancelled} == {200}
        was_sold = any(reply.status == 201 for reply in reserved)
        assert sum(reply.json()["cancelled"] for reply in cancelled) == was_sold
        assert sold_on(restaurant, day) == []
