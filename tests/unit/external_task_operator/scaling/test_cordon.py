"""Which pods take no more tasks, and when they may be deleted."""

from dataclasses import replace

import pytest
from external_task_operator.scaling.cordon import CORDON_SECONDS, Cordons, plan
from external_task_operator.scaling.pods import Locks, Pod

NOW = 10_000.0
PATIENCE = 30.0
RESTING = Pod("resting", ready=False, ready_changed=NOW - 5, cordoned_until=NOW - 10 + CORDON_SECONDS)
TOLD = Pod("told", ready_changed=NOW - 500, cordoned_until=NOW - 10 + CORDON_SECONDS)


def locks(*names: str, failed_before: bool = False) -> Locks:
    held = Locks()
    for name in names:
        held.add(name, failed_before=failed_before)
    return held


def planned(
    pods: list[Pod], held: Locks | None = None, victims: int = 1, kind: str = "Deployment"
) -> Cordons:
    return plan(kind, pods, held or Locks(), victims=victims, patience=PATIENCE, now=NOW)


class TestChoice:
    def test_those_with_the_fewest_locks_are_told_first(self) -> None:
        pods = [Pod("a"), Pod("b"), Pod("c")]

        cordons = planned(pods, locks("a", "a", "b", "b", "b", "c"), victims=2)

        assert set(cordons.begin) == {"a", "c"}
        assert (cordons.end, cordons.leaving, cordons.may_go) == ((), 2, frozenset())

    def test_those_that_were_told_are_not_exchanged_for_others(self) -> None:
        cordons = planned([Pod("idle"), TOLD], locks("told"))

        assert (cordons.begin, cordons.end) == ((), ())

    def test_who_is_to_stay_after_all_is_told_so(self) -> None:
        cordons = planned([TOLD, replace(TOLD, name="told-too"), Pod("c")])

        assert cordons.end == ("told-too",)

    def test_a_pod_without_a_process_needs_no_telling(self) -> None:
        pending = Pod("pending", assigned=False, phase="Pending", ready=False)

        cordons = planned([Pod("a"), pending])

        assert (cordons.begin, cordons.may_go) == ((), frozenset({"pending"}))

    def test_a_stateful_set_can_only_give_its_highest_numbers(self) -> None:
        pods = [Pod(f"w-{number}") for number in range(11)]

        cordons = planned(pods, locks("w-10", "w-9"), victims=2, kind="StatefulSet")

        assert cordons.begin == ("w-10", "w-9")

    def test_pods_that_are_leaving_are_left_alone(self) -> None:
        cordons = planned([replace(TOLD, leaving=True), Pod("a")])

        assert (cordons.begin, cordons.end) == (("a",), ())

    @pytest.mark.parametrize(
        ("left", "renewed"),
        [
            (CORDON_SECONDS / 2 + 1, ()),
            (CORDON_SECONDS / 2 - 1, ("a",)),
            (CORDON_SECONDS, ()),
            (CORDON_SECONDS + 1, ("a",)),  # somebody else's, which does not tell since when
        ],
    )
    def test_a_cordon_is_renewed_in_time(self, left: float, renewed: tuple[str, ...]) -> None:
        assert planned([Pod("a", cordoned_until=NOW + left)], locks("a")).begin == renewed


class TestLeave:
    def test_who_says_that_it_rests_and_holds_no_lock_may_go(self) -> None:
        assert planned([RESTING]).may_go == {"resting"}

    def test_who_has_not_said_so_may_not(self) -> None:
        assert not planned([TOLD]).may_go

    def test_who_holds_a_lock_may_not(self) -> None:
        assert not planned([RESTING], locks("resting")).may_go

    def test_a_task_that_waits_for_its_next_try_keeps_nobody_who_rests(self) -> None:
        assert planned([RESTING], locks("resting", failed_before=True)).may_go == {"resting"}

    def test_a_pod_that_was_not_ready_before_has_said_nothing(self) -> None:
        """It may be starting, and fetch its first task before it reads the cordon."""
        assert not planned([replace(RESTING, ready_changed=NOW - 11)]).may_go

    def test_who_says_nothing_for_too_long_is_judged_by_its_locks(self) -> None:
        mute = replace(TOLD, name="mute", cordoned_until=NOW - PATIENCE + CORDON_SECONDS)

        assert planned([mute]).may_go == {"mute"}
        assert not planned([mute], locks("mute", failed_before=True)).may_go

    def test_a_cordon_that_has_run_out_says_nothing(self) -> None:
        over = replace(RESTING, cordoned_until=NOW)

        cordons = planned([over])

        assert (cordons.begin, cordons.may_go) == (("resting",), frozenset())
