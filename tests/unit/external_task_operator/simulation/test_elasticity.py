"""Pods that were needed beside pods that there were."""

import pytest
from external_task_operator.simulation.elasticity import Elasticity, compare, needed
from external_task_operator.simulation.fleet import FleetSettings


def test_what_is_missing_and_what_is_too_much_is_counted_over_time() -> None:
    demand = [(0.0, 2), (10.0, 4), (20.0, 0)]
    supply = [(0.0, 0), (5.0, 3), (30.0, 0)]

    found = compare(demand, supply, maximum=20, begin=0, end=40)

    # Needed: 2 pods for 10 s, then 4 for 10 s. Missing: 2 for 5 s, then 1 for 10 s. Too much: 1 for 5 s, then
    # 3 for 10 s.
    assert found == Elasticity(20 / 60, 35 / 60, 15 / 40, 15 / 40)


def test_nobody_misses_what_nobody_may_have() -> None:
    found = compare([(0.0, 9)], [(0.0, 3)], maximum=3, begin=0, end=10)

    assert (found.under, found.under_time) == (0, 0)


def test_the_time_before_the_begin_counts_by_what_it_leaves() -> None:
    found = compare([(-5.0, 1)], [(-9.0, 1)], maximum=3, begin=0, end=10)

    assert found == Elasticity(0, 0, 0, 0)


@pytest.mark.parametrize(("slots", "most"), [(1, 3), (2, 2), (8, 1)])
def test_as_many_pods_are_needed_as_hold_all_tasks_at_once(slots: int, most: int) -> None:
    settings = FleetSettings(slots=slots, service_seconds=1e6)

    found = needed([0.0, 1.0, 2.0], settings)

    assert max(pods for _, pods in found) == most
    assert found[-1][1] == 0


def test_stages_need_their_pod_one_after_the_other() -> None:
    found = needed([0.0], FleetSettings(slots=1, stages=5))

    assert max(pods for _, pods in found) == 1
