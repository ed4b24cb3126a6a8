import pytest
from hotel.replay.player import Outcome
from hotel.replay.rows import BrokenRow
from hotel.replay.summary import Summary
from hotel.reservations.states import ReservationState


def summary(*outcomes: Outcome, violations: int = 0) -> Summary:
    return Summary(
        run_id="run",
        weeks=600,
        outcomes=outcomes,
        broken=[BrokenRow(9, "adults: 'x' is no whole number")],
        seconds=2.0,
        invariants={"no_incident": violations},
        source="databases",
    )


def outcome(line: int, state: ReservationState | None, seconds: float | None = 1.0) -> Outcome:
    return Outcome(line, f"r-{line}", state, seconds, "" if state else "too slow")


def test_states_are_counted_the_most_frequent_first() -> None:
    result = summary(
        outcome(2, ReservationState.CANCELLED),
        outcome(3, ReservationState.CONFIRMED),
        outcome(4, ReservationState.CONFIRMED),
        outcome(5, None, None),
    )

    assert list(result.states.items()) == [("confirmed", 2), ("cancelled", 1), ("unknown", 1)]
    assert [row.line for row in result.unmodelled] == [5]
    assert result.per_second == 2.0


def test_latency_is_told_by_percentiles_of_what_ended() -> None:
    result = summary(*(outcome(n, ReservationState.CONFIRMED, n / 100) for n in range(1, 102)))

    assert result.latency == {"p50": 0.51, "p95": 0.96, "p99": 1.0, "max": 1.01}


@pytest.mark.parametrize(
    ("count", "latency"), [(0, {}), (1, {"p50": 0.5, "p95": 0.5, "p99": 0.5, "max": 0.5})]
)
def test_latency_of_few_rows_is_what_it_can_be(count: int, latency: dict[str, float]) -> None:
    assert summary(*[outcome(2, ReservationState.CONFIRMED, 0.5)] * count).latency == latency


@pytest.mark.parametrize(("violations", "holds"), [(0, True), (1, False)])
def test_it_holds_while_nothing_is_violated(violations: int, *, holds: bool) -> None:
    assert summary(violations=violations).holds is holds


def test_json_maps_every_invariant_to_its_violations() -> None:
    written = summary(outcome(2, None, None), violations=3).to_json()

    assert written["invariants"] == {"no_incident": 3}
    assert written["broken"] == [{"line": 9, "problem": "adults: 'x' is no whole number"}]
    assert written["unmodelled"] == [{"line": 2, "reference": "r-2", "state": None, "problem": "too slow"}]
