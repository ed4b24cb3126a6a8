import pytest
from external_tasks import Backoff, RetryPolicy
from hypothesis import given
from hypothesis import strategies as st


def middle() -> float:
    """A random number that spreads nothing."""
    return 0.5


def test_delays_grow_by_the_factor_up_to_the_limit() -> None:
    backoff = Backoff(first_seconds=1, factor=3, max_seconds=20)

    assert [backoff.delay(attempt, middle) for attempt in range(1, 6)] == [1, 3, 9, 20, 20]


def test_the_jitter_spreads_to_both_sides() -> None:
    backoff = Backoff(first_seconds=10, jitter=0.2)

    assert backoff.delay(1, lambda: 0.0) == pytest.approx(8)
    assert backoff.delay(1, lambda: 1.0) == pytest.approx(12)


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_no_delay_is_beyond_the_limit_and_its_jitter(attempt: int, number: float) -> None:
    assert 0 < Backoff(max_seconds=60, jitter=0.5).delay(attempt, lambda: number) <= 90


def test_retries_are_counted_down_from_the_policy() -> None:
    policy = RetryPolicy(retries=3)

    assert [policy.left(retries) for retries in (None, 3, 2, 1, 0)] == [3, 2, 1, 0, 0]


def test_attempts_are_counted_from_one() -> None:
    policy = RetryPolicy(retries=3)

    assert [policy.attempt(retries) for retries in (None, 3, 2, 1)] == [1, 2, 3, 4]


def test_more_retries_than_the_policy_gives_are_a_first_attempt() -> None:
    assert RetryPolicy(retries=1).attempt(10) == 1


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"first_seconds": -1}, "first_seconds"),
        ({"max_seconds": -1}, "max_seconds"),
        ({"factor": 0.5}, "factor"),
        ({"jitter": 1.5}, "jitter"),
        ({"retries": -1}, "retries"),
    ],
)
def test_numbers_outside_their_limits_are_refused(settings: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        RetryPolicy(**settings)  # type: ignore[arg-type]  # wrong figures are the point
