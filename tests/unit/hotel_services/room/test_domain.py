import datetime as dt

import pytest
from hotel_services.room.domain import State, state_at

NOON = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        (State.HELD, NOON - SECOND, State.HELD),
        (State.HELD, NOON, State.EXPIRED),
        (State.HELD, NOON + SECOND, State.EXPIRED),
        (State.CONFIRMED, NOON + SECOND, State.CONFIRMED),
        (State.RELEASED, NOON + SECOND, State.RELEASED),
        (State.EXPIRED, NOON - SECOND, State.EXPIRED),
    ],
)
def test_only_a_hold_runs_out(state: State, now: dt.datetime, expected: State) -> None:
    assert state_at(state, NOON, now) is expected
