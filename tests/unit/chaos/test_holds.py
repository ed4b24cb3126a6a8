"""The checker of room holds: good histories pass, and every planted fault is found."""

from typing import Any

import pytest
from chaos.history import NEVER, Operation
from chaos.holds import BLOCK, CONFIRM, RELEASE, UndecidedError, violations

TAKEN = {"code": "ROOM_NOT_AVAILABLE"}
GIVEN_BACK = {"code": "RESERVATION_CANCELLED"}
NOTHING_HELD = {"code": "NOT_FOUND"}
RAN_OUT = {"code": "HOLD_EXPIRED"}


def called(
    kind: str, asked: dict[str, str], began: float, ended: float, answered: dict[str, str], status: int | None
) -> Operation:
    """Return a call, without a status where no answer came."""
    return Operation(kind, asked, began, ended, answered, None if ended == NEVER else status)


def block(
    reference: str,
    began: float,
    ended: float = NEVER,
    status: int | None = 201,
    answered: dict[str, str] | None = None,
    nights: tuple[str, str] = ("2030-01-01", "2030-01-03"),
) -> Operation:
    asked = {"room_id": "101", "reservation_ref": reference, "check_in": nights[0], "check_out": nights[1]}
    return called(BLOCK, asked, began, ended, answered or {}, status)


def release(reference: str, began: float, ended: float = NEVER) -> Operation:
    return called(RELEASE, {"reservation_ref": reference}, began, ended, {}, 200)


def confirm(
    reference: str,
    began: float,
    ended: float = NEVER,
    status: int | None = 200,
    answered: dict[str, str] | None = None,
) -> Operation:
    said = answered or {"room_id": "101"}
    return called(CONFIRM, {"reservation_ref": reference}, began, ended, said, status)


GOOD: dict[str, list[Any]] = {
    "one after the other": [block("a", 0, 1), release("a", 2, 3), block("b", 4, 5)],
    "refused while it is taken": [block("a", 0, 1), block("b", 2, 3, 409, TAKEN)],
    "two at once, one wins": [block("a", 0, 3), block("b", 1, 2, 409, TAKEN)],
    "the day of departure is the next guest's": [
        block("a", 0, 1),
        block("b", 2, 3, nights=("2030-01-03", "2030-01-04")),
    ],
    "the same again": [block("a", 0, 1), block("a", 2, 3, 200)],
    "no answer, but an effect": [block("a", 0), block("b", 2, 3, 409, TAKEN)],
    "no answer and no effect": [block("a", 0), block("b", 2, 3)],
    "an effect long after the caller gave up": [block("a", 0), block("b", 5, 6, 409, TAKEN)],
    "given back before it was asked for": [release("a", 0, 1), block("a", 2, 3, 409, GIVEN_BACK)],
    "a release without an answer": [block("a", 0, 1), release("a", 2), block("b", 3, 4)],
    "confirmed, and once more": [block("a", 0, 1), confirm("a", 2, 3), confirm("a", 4, 5)],
    "confirmed, then given back": [
        block("a", 0, 1),
        confirm("a", 2, 3),
        release("a", 4, 5),
        block("b", 6, 7),
    ],
    "confirmed while it is given back": [block("a", 0, 1), release("a", 2, 5), confirm("a", 3, 4)],
    "refused while it is given back": [
        block("a", 0, 1),
        release("a", 2, 5),
        confirm("a", 3, 4, 409, GIVEN_BACK),
    ],
    "confirmed though the hold got no answer": [block("a", 0), confirm("a", 2, 3)],
    "nothing to confirm": [
        block("b", 0, 1),
        block("a", 2, 3, 409, TAKEN),
        confirm("a", 4, 5, 404, NOTHING_HELD),
    ],
    "a confirmation without an answer": [block("a", 0, 1), release("a", 2, 3), confirm("a", 4)],
    "a hold that ran out is not confirmed": [block("a", 0, 1), confirm("a", 2, 3, 409, RAN_OUT)],
    "a failure of the server may have had an effect": [
        block("a", 0, 1, 503),
        block("b", 2, 3, 409, TAKEN),
    ],
}

BAD: dict[str, list[Any]] = {
    "sold twice": [block("a", 0, 1), block("b", 2, 3)],
    "sold twice at once": [block("a", 0, 3), block("b", 1, 2)],
    "overlapping nights": [block("a", 0, 1), block("b", 2, 3, nights=("2030-01-02", "2030-01-05"))],
    "refused though it is free": [block("a", 0, 1, 409, TAKEN)],
    "refused after it was given back": [
        block("a", 0, 1),
        release("a", 2, 3),
        block("b", 4, 5, 409, TAKEN),
    ],
    "kept after it was given back": [block("a", 0, 1), release("a", 2, 3), block("a", 4, 5)],
    "confirmed after it was given back": [block("a", 0, 1), release("a", 2, 3), confirm("a", 4, 5)],
    "confirmed without a hold": [confirm("a", 0, 1)],
    "confirmed though the hold was refused": [
        block("b", 0, 1),
        block("a", 2, 3, 409, TAKEN),
        confirm("a", 4, 5),
    ],
    "confirmed before it was held": [confirm("a", 0, 1), block("a", 2, 3)],
    "not confirmed though it is held": [block("a", 0, 1), confirm("a", 2, 3, 404, NOTHING_HELD)],
    "refused as given back though it is held": [block("a", 0, 1), confirm("a", 2, 3, 409, GIVEN_BACK)],
    "an answer from before": [
        block("a", 0, 1),
        block("b", 2, 3, 409, TAKEN),
        release("a", 4, 5),
        block("c", 6, 7),
        block("d", 8, 9),
    ],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_history_that_may_have_been(name: str) -> None:
    assert violations(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_a_history_that_cannot_have_been(name: str) -> None:
    assert violations(BAD[name]) == ["101"]


def test_a_room_with_many_calls_is_decided() -> None:
    calls = []
    for number in range(100):
        calls += [block(f"r{number}", 4 * number, 4 * number + 2), block(f"x{number}", 4 * number + 1)]
        calls += [release(f"r{number}", 4 * number + 2.5, 4 * number + 3)]

    assert violations([call for call in calls if not call.asked["reservation_ref"].startswith("x")]) == []


def test_what_cannot_be_decided_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.holds.MOST_STATES", 500)
    nights = [(f"2030-{month:02d}-01", f"2030-{month:02d}-02") for month in range(1, 13)]
    open_calls = [block(f"{n}-{k}", 0, nights=n) for n in nights for k in range(2)]
    last = [block("z", 1, 2, nights=nights[0]), block("y", 3, 4, nights=nights[0])]

    with pytest.raises(UndecidedError):
        violations([*open_calls, *last])
