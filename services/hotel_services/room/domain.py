"""Stays and their states: rules without a database."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """A stay's state."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


ACTIVE = (State.HELD, State.CONFIRMED)
"""The states in which a stay keeps its room from others."""


@dataclass(frozen=True)
class RoomRequest:
    """What a reservation asks a room for; asking again with the same request is the same request."""

    room_id: str
    check_in: dt.date
    check_out: dt.date
    guests: int


def state_at(state: State, expires_at: dt.datetime, now: dt.datetime) -> State:
    """Return the state as it counts at that time: a hold that ran out is expired before anybody notes it."""
    return State.EXPIRED if state is State.HELD and expires_at <= now else state
