"""Whether the room service's answers are those of one hotel in which one thing happens after the other.

A room is a lock with dates. For each room the calls that concern it are put into an order that keeps every
call between its begin and its answer and in which a simple model gives the same answers: linearizability
(Herlihy and Wing 1990), found by the search of Wing and Gong (1993) with the visited states remembered (Lowe
2017). Calls without an answer may have had their effect at any time after their begin, or never.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chaos.history import NEVER, Operation

BLOCK, CONFIRM, RELEASE = "/api/room/block", "/api/room/confirm", "/api/room/release"
MOST_STATES = 200_000
# The room was taken, or the reservation had given it back before.
_ROOMS_OWN = {"ROOM_NOT_AVAILABLE", "RESERVATION_CANCELLED"}
# Nothing was held, or it was given back. A hold that ran out is another matter: the model knows no time.
_NOT_CONFIRMED = {"NOT_FOUND", "RESERVATION_CANCELLED"}


class UndecidedError(Exception):
    """The search was given up: there are too many orders."""


@dataclass(frozen=True)
class Call:
    """One call that concerns a room.

    Attributes:
        kind: `BLOCK`, `CONFIRM` or `RELEASE`.
        reference: the reservation's.
        nights: first and last but one day; empty for a confirmation or a release.
        done: whether the answer said that the room is kept; None without an answer.
        given_back: whether a refusal said that the reservation had given the room back before.
    """

    kind: str
    reference: str
    nights: tuple[str, str]
    done: bool | None
    began: float
    ended: float
    given_back: bool = False


# What a room knows: which reservations keep which nights, and which were given back.
State = tuple[frozenset[tuple[str, tuple[str, str]]], frozenset[str]]


def violations(operations: Iterable[Operation]) -> list[str]:
    """Return the rooms whose answers no order explains.

    Raises:
        UndecidedError: there are too many orders for a room.
    """
    return [room for room, calls in by_room(operations).items() if not is_linearizable(calls)]


def by_room(operations: Iterable[Operation]) -> Mapping[str, list[Call]]:
    """Return the calls that concern each room.

    A release, and a confirmation that is refused, concerns each room that its reservation asked for; a
    confirmation that succeeds the one that it names. One without an answer concerns none: it changes nothing
    that another call could see.
    """
    found: dict[str, list[Call]] = {}
    asked: dict[str, set[str]] = {}
    known = list(operations)
    for operation in known:
        if operation.kind == BLOCK:
            room, reference = str(operation.asked["room_id"]), str(operation.asked["reservation_ref"])
            nights = str(operation.asked["check_in"]), str(operation.asked["check_out"])
            code, status = (operation.answered or {}).get("code"), _status(operation)
            if status is not None and status >= 400 and code not in _ROOMS_OWN:
                continue  # Refused for a reason that is no room's.
            done = None if status is None else status < 400
            ended = NEVER if status is None else operation.ended
            found.setdefault(room, []).append(Call(BLOCK, reference, nights, done, operation.began, ended))
            asked.setdefault(reference, set()).add(room)
    for operation in known:
        if operation.kind == RELEASE and ((status := _status(operation)) is None or status < 400):
            reference = str(operation.asked["reservation_ref"])
            done, ended = (None, NEVER) if status is None else (True, operation.ended)
            for room in asked.get(reference, ()):
                found[room].append(Call(RELEASE, reference, ("", ""), done, operation.began, ended))
        if operation.kind == CONFIRM and (status := _status(operation)) is not None:
            for room, call in _confirmations(operation, status, asked):
                found.setdefault(room, []).append(call)
    return found


def _confirmations(
    operation: Operation, status: int, asked: Mapping[str, set[str]]
) -> Iterator[tuple[str, Call]]:
    reference, answered = str(operation.asked["reservation_ref"]), operation.answered or {}
    done, code = status < 400, answered.get("code")
    if not done and code not in _NOT_CONFIRMED:
        return
    rooms = {str(answered["room_id"])} if done else asked.get(reference, set())
    for room in sorted(rooms):
        yield (
            room,
            Call(
                CONFIRM,
                reference,
                ("", ""),
                done,
                operation.began,
                operation.ended,
                given_back=code == "RESERVATION_CANCELLED",
            ),
        )


def _status(operation: Operation) -> int | None:
    """Return the status of an answer that says what happened; a failure of the server does not."""
    return None if operation.status is None or operation.status >= 500 else operation.status


def is_linearizable(calls: list[Call]) -> bool:
    """Whether an order of the calls explains all their answers.

    Raises:
        UndecidedError: there are too many orders.
    """
    calls = sorted(calls, key=lambda call: call.began)
    certain = frozenset(index for index, call in enumerate(calls) if call.done is not None)
    todo: list[tuple[frozenset[int], State]] = [(frozenset(), (frozenset(), frozenset()))]
    seen = set(todo)
    while todo:
        ordered, state = todo.pop()
        if certain <= ordered:
            return True
        for index in _next(calls, ordered):
            after = _after(calls[index], state)
            step = (ordered | {index}, after) if after is not None else None
            if step is not None and step not in seen:
                if len(seen) > MOST_STATES:
                    raise UndecidedError(f"more than {MOST_STATES} states for {len(calls)} calls of a room")
                seen.add(step)
                todo.append(step)
    return False


def _next(calls: list[Call], ordered: frozenset[int]) -> Iterator[int]:
    """Yield the calls that may come next: those that began before every other one that is left had ended."""
    left = [index for index in range(len(calls)) if index not in ordered]
    first_end = min((calls[index].ended for index in left), default=NEVER)
    return (index for index in left if calls[index].began <= first_end)


def _after(call: Call, state: State) -> State | None:
    """Return the room's state after a call, or None if it would have answered otherwise."""
    kept, given_back = state
    if call.kind == RELEASE:
        return frozenset(each for each in kept if each[0] != call.reference), given_back | {call.reference}
    mine = any(reference == call.reference for reference, _ in kept)
    if call.kind == CONFIRM:
        # Refused because it holds nothing, and refused because it was given back, are two answers.
        was = mine if call.done else not mine and call.given_back == (call.reference in given_back)
        return state if was else None
    taken = any(
        reference != call.reference and nights[0] < call.nights[1] and call.nights[0] < nights[1]
        for reference, nights in kept
    )
    would = mine or not (taken or call.reference in given_back)
    if call.done is None:
        # Without an answer it counts as done where it could be; the order without it is tried as well.
        return (kept | {(call.reference, call.nights)}, given_back) if would else state
    if call.done != would:
        return None
    return (kept | {(call.reference, call.nights)}, given_back) if would else state
