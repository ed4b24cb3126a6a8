"""Many clients want the same reference at the same moment."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from support.races import Call, Clients, clients_of
from support.services import running_service

CLAIM = "/api/booking/claim"
CREATE = "/api/booking/create"
CANCEL = "/api/booking/cancel"
LIST = "/api/booking/bookings"
CLAIMANTS = 16
ROUNDS = 20
CROWD = {"THREADS": str(CLAIMANTS), "DATABASE_POOL_SIZE": str(CLAIMANTS + 2)}


@pytest.fixture(scope="module")
def booking(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    with (
        running_service("booking", database_url, tmp_path_factory.mktemp("booking"), **CROWD) as running,
        clients_of(running.url, CLAIMANTS) as clients,
    ):
        yield clients


def stay(ref: str, **changes: Any) -> dict[str, Any]:
    return {
        "reservation_ref": ref,
        "client_id": "c-1",
        "room_id": "101",
        "check_in": "2027-03-30",
        "check_out": "2027-04-02",
        "guests": 2,
        **changes,
    }


def test_one_of_sixteen_claimants_has_the_reference(booking: Clients) -> None:
    for turn in range(ROUNDS):
        bodies = [{"reservation_ref": f"claim-{turn}", "claimant": f"c-{n}"} for n in range(CLAIMANTS)]

        replies = booking.at_once([Call(CLAIM, body) for body in bodies])

        assert Counter((reply.status, reply.code) for reply in replies) == {
            (201, ""): 1,
            (409, "REFERENCE_TAKEN"): CLAIMANTS - 1,
        }
        winner = next(body for body, reply in zip(bodies, replies, strict=True) if reply.status == 201)
        again = booking.at_once([Call(CLAIM, body) for body in bodies])
        assert [body for body, reply in zip(bodies, again, strict=True) if reply.status == 200] == [winner]


def test_one_of_many_different_bookings_has_the_reference(booking: Clients) -> None:
    for turn in range(ROUNDS):
        ref = f"differ-{turn}"

        replies = booking.at_once([Call(CREATE, stay(ref, room_id=str(n))) for n in range(CLAIMANTS)])

        assert Counter((reply.status, reply.code) for reply in replies) == {
            (201, ""): 1,
            (409, "REFERENCE_TAKEN"): CLAIMANTS - 1,
        }
        assert booking.get(LIST, reservation_ref=ref)["total"] == 1


def test_twins_with_one_key_have_one_effect_and_ten_equal_answers(booking: Clients) -> None:
    for turn in range(ROUNDS):
        ref = f"twin-{turn}"

        replies = booking.at_once([Call(CREATE, stay(ref), key=ref)] * 10)

        assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
        assert sum(reply.replayed for reply in replies) == 9
        assert booking.get(LIST, reservation_ref=ref)["total"] == 1


def test_the_key_of_one_body_is_refused_to_another_even_at_once(booking: Clients) -> None:
    for turn in range(ROUNDS):
        bodies = [stay(f"reuse-{turn}-{number}") for number in range(10)]

        replies = booking.at_once([Call(CREATE, body, key=f"reuse-{turn}") for body in bodies])

        assert Counter((reply.status, reply.code) for reply in replies) == {
            (201, ""): 1,
            (422, "IDEMPOTENCY_KEY_REUSED"): 9,
        }


def test_a_refusal_is_given_again_to_its_twins(booking: Clients) -> None:
    for turn in range(ROUNDS):
        ref = f"refused-{turn}"
        booking.post(CREATE, stay(ref))

        replies = booking.at_once([Call(CREATE, stay(ref, guests=1), key=ref)] * 10)

        assert {(reply.status, reply.code) for reply in replies} == {(409, "REFERENCE_TAKEN")}
        assert len({reply.body for reply in replies}) == 1


def test_a_cancellation_that_races_with_its_booking_leaves_none_alive(booking: Clients) -> None:
    """Either the booking is made first and then cancelled, or it is refused for good."""
    for turn in range(ROUNDS):
        ref = f"cancel-{turn}"
        create, cancel = Call(CREATE, stay(ref, confirm=True)), Call(CANCEL, {"reservation_ref": ref})

        replies = booking.at_once([*[create] * 6, *[cancel] * 6])

        created, cancelled = replies[:6], replies[6:]
        assert {reply.code for reply in created} <= {"", "RESERVATION_CANCELLED"}
        was_made = any(reply.status == 201 for reply in created)
        assert sum(reply.json()["cancelled"] for reply in cancelled) == was_made
        left = booking.get(LIST, reservation_ref=ref)["items"]
        assert [item["status"] for item in left] == ["cancelled"] * was_made
