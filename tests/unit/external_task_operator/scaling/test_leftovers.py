"""What the operator has set on pods is removed, whatever becomes of the scaler."""

from collections.abc import Callable

import pytest
from external_task_operator.kubernetes import paths
from support.operator_world.world import NAMESPACE, Operator, World, wait_for

COST = "controller.kubernetes.io/pod-deletion-cost"
CORDON = "hotel.example.com/cordoned-until"
AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}
PODS = ["worker-a", "worker-b", "worker-c"]


@pytest.fixture
def operator(world: World) -> Operator:
    """Three pods that are to become one: two are cordoned, one of which goes at once and makes costs."""
    world.target(3)
    for pod in PODS:
        world.pod(pod)
    world.scaler(behavior=AT_ONCE, cooldownPeriod=0, cordonSeconds=30)
    world.engine.add("validate", 3)
    for pod in PODS:
        world.engine.lock(f"{pod}:1a2b", 1)
    operator = world.operator()
    operator.poll()
    world.engine.tasks = world.engine.tasks[1:]
    world.rest(PODS[0])
    operator.poll()
    assert set().union(*(world.annotations(pod) for pod in PODS)) >= {COST, CORDON}
    return operator


def renamed(world: World) -> None:
    world.target(1, "other")
    world.scaler(scaleTargetRef={"name": "other"}, cordonSeconds=30)


def renamed_to_what_is_not_there(world: World) -> None:
    world.scaler(scaleTargetRef={"name": "other"}, cordonSeconds=30)


def unprotected(world: World) -> None:
    world.scaler(behavior=AT_ONCE, minReplicaCount=2, protectBusyPods=False)


def invalid(world: World) -> None:
    world.scaler(topics=[])


def deleted(world: World) -> None:
    world.api.delete(paths.scaler(NAMESPACE, "worker"))


CHANGES = [renamed, renamed_to_what_is_not_there, unprotected, invalid, deleted]


def clean(world: World) -> bool:
    return not any(world.annotations(pod) for pod in PODS)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_left_on_the_pods(
    world: World, operator: Operator, change: Callable[[World], None]
) -> None:
    change(world)

    operator.poll()

    wait_for(lambda: clean(world))


@pytest.mark.parametrize("change", [renamed, deleted])
def test_what_could_not_be_removed_is_removed_later(
    world: World, operator: Operator, change: Callable[[World], None]
) -> None:
    world.api.refused["GET /api/v1/namespaces/hotel/pods"] = 503
    change(world)
    operator.poll(2)
    assert not clean(world)
    world.api.refused.clear()

    operator.poll(14)

    wait_for(lambda: clean(world))


def test_the_pods_of_another_scaler_on_the_same_target_are_left_to_it(
    world: World, operator: Operator
) -> None:
    world.scaler("heir", behavior=AT_ONCE, cooldownPeriod=0, cordonSeconds=30)
    deleted(world)

    operator.poll()

    assert CORDON in world.annotations(PODS[1])


def test_failing_to_remove_them_is_said_and_tried_again(world: World, operator: Operator) -> None:
    world.engine.add("validate", 20)
    world.api.refused["PATCH /api/v1/namespaces/hotel/pods"] = 500

    operator.poll()
    failed = world.condition("CleanedUp")
    world.api.refused.clear()
    operator.poll()

    assert failed == ("False", "CleanupFailed")
    assert world.condition("CleanedUp") == ("True", "CleanedUp")
    assert clean(world)
