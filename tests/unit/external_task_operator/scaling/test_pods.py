import pytest
from external_task_operator.scaling.pods import (
    BUSY_COST,
    Locks,
    Pod,
    costs,
    holders,
    parse,
    removable,
    worker_pod,
)

READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-25T12:00:00Z"}


@pytest.mark.parametrize(
    ("worker_id", "pod"),
    [("worker-6f7-abcde:1a2b3c4d", "worker-6f7-abcde"), ("a:b:c", "a:b"), ("no-colon", ""), ("", "")],
)
def test_a_worker_id_names_its_pod_before_the_last_colon(worker_id: str, pod: str) -> None:
    assert worker_pod(worker_id) == pod


@pytest.mark.parametrize(
    ("worker_id", "found"),
    [
        ("w-a:1", ["w-a"]),
        ("laptop:1", []),
        ("w-c:1", []),
        ("w-a3f2504e0-4f89-11d3-9a0c-0305e82c3301", ["w-a"]),  # the Java client's host name and UUID
        ("w-a", ["w-a"]),
        ("", []),
    ],
)
def test_a_lock_is_held_by_the_pod_that_the_worker_id_names(worker_id: str, found: list[str]) -> None:
    assert holders(worker_id, {"w-a", "w-b"}) == found


def test_a_worker_id_that_fits_two_pods_keeps_both() -> None:
    assert set(holders("worker-10f2504e0", {"worker-1", "worker-10"})) == {"worker-1", "worker-10"}


def test_what_may_wait_for_its_next_try_is_a_lock_but_not_surely_work() -> None:
    locks = Locks()
    locks.add("w-a", failed_before=False)
    locks.add("w-a", failed_before=True)
    locks.add("w-b", failed_before=True)

    assert (locks.all, +locks.at_work) == ({"w-a": 2, "w-b": 1}, {"w-a": 1})


class TestCosts:
    def test_busy_pods_get_a_cost_and_idle_ones_lose_ours(self) -> None:
        pods = [Pod("busy"), Pod("idle"), Pod("was-busy", cost=BUSY_COST, cost_is_ours=True)]

        assert costs(pods, {"busy"}) == {"busy": BUSY_COST, "was-busy": None}

    def test_what_is_right_already_is_left_alone(self) -> None:
        assert costs([Pod("busy", cost=BUSY_COST, cost_is_ours=True)], {"busy"}) == {}

    def test_foreign_costs_are_respected_and_topped(self) -> None:
        pods = [Pod("busy"), Pod("idle", cost=5000), Pod("busy-foreign", cost=7)]

        assert costs(pods, {"busy", "busy-foreign"}) == {"busy": 5001}

    def test_the_cost_stays_within_what_kubernetes_allows(self) -> None:
        assert costs([Pod("busy"), Pod("idle", cost=2**31 - 1)], {"busy"}) == {"busy": 2**31 - 1}

    def test_pods_that_leave_are_not_marked(self) -> None:
        assert costs([Pod("busy", leaving=True)], {"busy"}) == {}


class TestRemovable:
    def test_without_busy_pods_any_number_can_go(self) -> None:
        assert removable("Deployment", [Pod("a"), Pod("b")], frozenset(), 2) == 2

    def test_idle_pods_go_and_busy_ones_stay(self) -> None:
        assert removable("Deployment", [Pod("a"), Pod("b"), Pod("c")], {"b"}, 3) == 2

    def test_a_busy_pod_that_is_not_ready_would_go_first_so_nobody_goes(self) -> None:
        pods = [Pod("a"), Pod("b", ready=False), Pod("c")]

        assert removable("Deployment", pods, {"b"}, 1) == 0

    def test_a_pending_pod_goes_before_a_busy_one_that_is_not_ready(self) -> None:
        pods = [Pod("a"), Pod("b", ready=False), Pod("c", assigned=False, phase="Pending", ready=False)]

        assert removable("Deployment", pods, {"b"}, 2) == 1

    def test_an_idle_pod_of_high_foreign_cost_still_goes_before_a_busy_one(self) -> None:
        assert removable("Deployment", [Pod("a", cost=5000), Pod("b")], {"b"}, 1) == 1

    def test_a_busy_pod_of_low_foreign_cost_would_go_first_so_nobody_goes(self) -> None:
        assert removable("Deployment", [Pod("a"), Pod("b", cost=-5)], {"b"}, 1) == 0

    def test_pods_that_are_going_or_over_do_not_count(self) -> None:
        pods = [Pod("a", leaving=True), Pod("b", phase="Failed"), Pod("c"), Pod("d")]

        assert removable("Deployment", pods, {"c"}, 3) == 1

    def test_during_a_roll_out_nobody_knows_which_so_nobody_goes(self) -> None:
        pods = [Pod("a", template="1"), Pod("b", template="2")]

        assert removable("Deployment", pods, {"b"}, 1) == 0
        assert removable("Deployment", pods, frozenset(), 1) == 1

    def test_a_stateful_set_takes_the_highest_numbers_whatever_their_cost(self) -> None:
        pods = [Pod(f"w-{n}") for n in range(12)]

        assert removable("StatefulSet", pods, {"w-9"}, 12) == 2
        assert removable("StatefulSet", pods, {"w-11"}, 12) == 0


def test_a_pod_is_read_from_the_api() -> None:
    pod = parse(
        {
            "metadata": {
                "name": "w-a",
                "labels": {"pod-template-hash": "6f7"},
                "annotations": {
                    "controller.kubernetes.io/pod-deletion-cost": "1000",
                    "hotel.example.com/pod-deletion-cost": "1000",
                    "hotel.example.com/cordoned-until": "2026-11-25T12:10:00Z",
                },
            },
            "spec": {"nodeName": "n1"},
            "status": {"phase": "Running", "conditions": [READY]},
        }
    )

    assert pod == Pod(
        "w-a",
        cost=1000,
        cost_is_ours=True,
        template="6f7",
        ready_changed=1_795_608_000.0,
        cordoned_until=1_795_608_600.0,
    )


@pytest.mark.parametrize(("cost", "foreign"), [("7", True), ("x", False), ("0", False)])
def test_a_cost_that_the_operator_has_not_set_is_foreign(cost: str, *, foreign: bool) -> None:
    annotations = {"controller.kubernetes.io/pod-deletion-cost": cost}

    assert parse({"metadata": {"name": "a", "annotations": annotations}}).cost_is_foreign is foreign


def test_a_cordon_that_cannot_be_read_is_none() -> None:
    annotations = {"hotel.example.com/cordoned-until": "soon"}

    assert parse({"metadata": {"name": "a", "annotations": annotations}}).cordoned_until is None
