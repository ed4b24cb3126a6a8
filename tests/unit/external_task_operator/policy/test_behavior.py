"""HPA's worked examples, and the rules that its source states."""

import pytest
from external_task_operator.policy.behavior import limit_rate, stabilise
from external_task_operator.policy.history import History, Run, ScaleEvent
from external_task_operator.spec import Behavior

NOW = 10_000.0


def behavior(up: dict[str, object] | None = None, down: dict[str, object] | None = None) -> Behavior:
    return Behavior.model_validate({"scaleUp": up or {}, "scaleDown": down or {}})


def policies(*policies: tuple[str, int, int], select: str = "Max") -> dict[str, object]:
    return {
        "selectPolicy": select,
        "policies": [
            {"type": kind, "value": value, "periodSeconds": period} for kind, value, period in policies
        ],
    }


HPA_DEFAULT_UP = policies(("Percent", 100, 15), ("Pods", 4, 15))
DOCS_DOWN = policies(("Pods", 4, 60), ("Percent", 10, 60))


class TestRateOfScaleUp:
    @pytest.mark.parametrize(
        ("current", "allowed"),
        [(0, 4), (1, 5), (3, 7), (4, 8), (5, 10), (10, 20), (20, 40)],
    )
    def test_hpa_default_is_the_larger_of_double_and_four_pods(self, current: int, allowed: int) -> None:
        assert limit_rate(current, 1000, behavior(HPA_DEFAULT_UP), History(), NOW) == allowed

    def test_min_selects_the_smaller_policy(self) -> None:
        rules = behavior(policies(("Percent", 100, 15), ("Pods", 4, 15), select="Min"))

        assert limit_rate(10, 1000, rules, History(), NOW) == 14

    def test_a_percentage_is_rounded_up_so_that_it_moves_at_all(self) -> None:
        assert limit_rate(1, 10, behavior(policies(("Percent", 10, 60))), History(), NOW) == 2

    def test_what_was_added_within_the_period_counts_against_the_policy(self) -> None:
        history = History(events=(ScaleEvent(NOW - 10, +3),))

        assert limit_rate(8, 100, behavior(policies(("Pods", 4, 60))), history, NOW) == 9

    def test_what_was_added_before_the_period_does_not_count(self) -> None:
        history = History(events=(ScaleEvent(NOW - 60, +3),))

        assert limit_rate(8, 100, behavior(policies(("Pods", 4, 60))), history, NOW) == 12

    def test_an_exceeded_limit_never_turns_scale_up_into_scale_in(self) -> None:
        history = History(events=(ScaleEvent(NOW - 10, +20),))

        assert limit_rate(25, 100, behavior(policies(("Pods", 4, 60))), history, NOW) == 25

    def test_what_was_removed_within_the_period_may_be_added_again(self) -> None:
        history = History(events=(ScaleEvent(NOW - 10, -5),))

        assert limit_rate(5, 100, behavior(policies(("Pods", 4, 60))), history, NOW) == 14

    def test_each_policy_has_its_own_period(self) -> None:
        rules = behavior(policies(("Pods", 2, 15), ("Pods", 6, 60), select="Min"))
        history = History(events=(ScaleEvent(NOW - 50, +5), ScaleEvent(NOW - 5, +1)))

        # In 15 s one of two is used up, in 60 s six of six.
        assert limit_rate(10, 100, rules, history, NOW) == 10

    def test_a_percentage_policy_alone_still_starts_from_zero(self) -> None:
        assert limit_rate(0, 8, behavior(policies(("Percent", 100, 15))), History(), NOW) == 1

    def test_disabled_forbids_the_direction(self) -> None:
        rules = behavior({"selectPolicy": "Disabled"})

        assert limit_rate(3, 8, rules, History(), NOW) == 3
        assert limit_rate(3, 1, rules, History(), NOW) == 1

    def test_without_policies_any_number_is_reached_in_one_step(self) -> None:
        assert limit_rate(0, 500, behavior(), History(), NOW) == 500


class TestRateOfScaleDown:
    @pytest.mark.parametrize(
        ("current", "allowed"),
        [
            (80, 72),  # the example of the Kubernetes documentation: 10 % of 80 is 8
            (72, 64),  # 7.2 is rounded up to 8
            (41, 36),  # 4.1 is rounded up to 5
            (40, 36),  # from here on four pods are more than 10 %
            (13, 10),
        ],
    )
    def test_documentation_example_from_80_to_10(self, current: int, allowed: int) -> None:
        assert limit_rate(current, 10, behavior(down=DOCS_DOWN), History(), NOW) == allowed

    def test_min_selects_the_policy_that_removes_least(self) -> None:
        rules = behavior(down=policies(("Pods", 4, 60), ("Percent", 10, 60), select="Min"))

        assert limit_rate(80, 10, rules, History(), NOW) == 76

    def test_what_was_removed_within_the_period_counts_against_the_policy(self) -> None:
        history = History(events=(ScaleEvent(NOW - 30, -3),))

        assert limit_rate(7, 0, behavior(down=policies(("Pods", 4, 60))), history, NOW) == 6

    def test_an_exceeded_limit_never_turns_scale_in_into_scale_up(self) -> None:
        history = History(events=(ScaleEvent(NOW - 30, -9),))

        assert limit_rate(7, 0, behavior(down=policies(("Pods", 4, 60))), history, NOW) == 7

    def test_without_policies_scale_in_is_one_step(self) -> None:
        assert limit_rate(50, 0, behavior(), History(), NOW) == 0


class TestStabilisation:
    def test_scale_in_follows_the_highest_recommendation_of_the_window(self) -> None:
        history = History(runs=(Run(8, NOW - 50, NOW - 20), Run(5, NOW - 15, NOW - 5)))

        assert stabilise(8, 3, behavior(down={"stabilizationWindowSeconds": 30}), history, NOW) == 8
        assert stabilise(8, 3, behavior(down={"stabilizationWindowSeconds": 18}), history, NOW) == 5

    def test_a_recommendation_exactly_as_old_as_the_window_no_longer_counts(self) -> None:
        history = History(runs=(Run(8, NOW - 60, NOW - 30),))

        assert stabilise(8, 3, behavior(down={"stabilizationWindowSeconds": 30}), history, NOW) == 3

    def test_scale_up_follows_the_lowest_recommendation_of_its_window(self) -> None:
        history = History(runs=(Run(2, NOW - 50, NOW - 20), Run(6, NOW - 15, NOW - 5)))

        assert stabilise(2, 9, behavior({"stabilizationWindowSeconds": 30}), history, NOW) == 2
        assert stabilise(2, 9, behavior({"stabilizationWindowSeconds": 18}), history, NOW) == 6
        assert stabilise(2, 9, behavior(), history, NOW) == 9

    def test_replicas_between_the_two_limits_stay(self) -> None:
        rules = behavior({"stabilizationWindowSeconds": 60}, {"stabilizationWindowSeconds": 60})
        history = History(runs=(Run(3, NOW - 40, NOW - 30), Run(9, NOW - 20, NOW - 10)))

        assert stabilise(6, 5, rules, history, NOW) == 6
