"""Targets are taken over from other autoscalers by an annotation, and given back as they were."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from support.operator_world.world import NAMESPACE, World, wait_for

HPAS = paths.autoscalers(NAMESPACE)
SCALED_OBJECTS = paths.scaled_objects(NAMESPACE)
REF = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
BEHAVIOR = {
    "scaleUp": {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}]},
    "scaleDown": {"selectPolicy": "Max", "stabilizationWindowSeconds": 300},
}


def put_hpa(world: World, name: str = "other", owner: str = "", **spec: Any) -> None:
    metadata: dict[str, Any] = {"annotations": {"team": "desk"}}
    if owner:
        metadata["ownerReferences"] = [{"kind": "ScaledObject", "name": owner}]
    wanted = {"scaleTargetRef": REF, "minReplicas": 2, "maxReplicas": 8, **spec}
    world.api.put(f"{HPAS}/{name}", {"metadata": metadata, "spec": wanted})


def hpa(world: World, name: str = "other") -> dict[str, Any]:
    found = world.api.get(f"{HPAS}/{name}")
    assert found is not None
    return found


def take_over(world: World, value: str = "true") -> None:
    world.annotate(**{"hotel.example.com/take-over": value})


def busy(world: World) -> None:
    world.target(2)
    world.scaler()
    world.engine.add("validate", 50)


def reasons(world: World) -> list[str]:
    return [reason for _, reason in world.events()]


def message(world: World) -> str:
    found = [c["message"] for c in world.status()["conditions"] if c["type"] == "AbleToScale"]
    return str(found[0])


@pytest.mark.parametrize("behavior", [{}, {"behavior": BEHAVIOR}])
def test_an_hpa_rests_while_the_target_is_taken_over_and_is_given_back_as_it_was(
    world: World, behavior: dict[str, Any]
) -> None:
    put_hpa(world, **behavior)
    before = hpa(world)["spec"]
    busy(world)
    operator = world.operator()
    operator.poll()
    assert world.replicas() == 2

    take_over(world)
    operator.poll()
    told = world.replicas()
    operator.poll()

    assert (told, world.replicas()) == (2, 10)
    resting = hpa(world)["spec"]
    assert (resting["minReplicas"], resting["maxReplicas"]) == (1, 2**31 - 1)
    assert {resting["behavior"][way]["selectPolicy"] for way in ("scaleUp", "scaleDown")} == {"Disabled"}
    take_over(world, "false")
    world.engine.add("validate", 50)
    operator.poll(2)
    assert hpa(world)["spec"] == before
    assert hpa(world)["metadata"]["annotations"] == {"team": "desk"}
    assert (world.replicas(), world.condition("AbleToScale")) == (10, ("False", "TargetOwnedByOther"))
    assert {"TargetTakenOver", "TargetGivenBack"} <= set(reasons(world))


def test_a_scaled_object_is_paused_and_its_hpa_waited_for(world: World) -> None:
    world.api.put(f"{SCALED_OBJECTS}/theirs", {"spec": {"scaleTargetRef": {"name": "worker"}}})
    put_hpa(world, "keda-hpa-theirs", owner="theirs")
    busy(world)
    take_over(world)
    operator = world.operator()

    operator.poll(5)
    kept, said = world.replicas(), message(world)
    world.api.delete(f"{HPAS}/keda-hpa-theirs")
    operator.poll(seconds=31)

    assert (kept, world.replicas()) == (2, 10)
    assert "goes when its ScaledObject rests" in said
    found = world.api.get(f"{SCALED_OBJECTS}/theirs")
    assert found is not None
    assert found["metadata"]["annotations"]["autoscaling.keda.sh/paused"] == "true"
    world.annotate()
    operator.poll()
    found = world.api.get(f"{SCALED_OBJECTS}/theirs")
    assert found is not None
    assert found["metadata"]["annotations"] == {}


def test_one_that_somebody_wakes_again_is_taken_over_again_with_what_it_had_first(world: World) -> None:
    put_hpa(world, behavior=BEHAVIOR)
    busy(world)
    take_over(world)
    operator = world.operator()
    operator.poll(2)

    woken = hpa(world)
    woken["spec"] |= {"maxReplicas": 12}
    world.api.put(f"{HPAS}/other", woken)
    operator.poll(2, seconds=31)
    assert hpa(world)["spec"]["maxReplicas"] == 2**31 - 1
    world.annotate()
    operator.poll()

    assert (hpa(world)["spec"]["maxReplicas"], hpa(world)["spec"]["minReplicas"]) == (12, 2)
    assert hpa(world)["spec"]["behavior"] == BEHAVIOR


@pytest.mark.parametrize("value", ["1", "yes", "", "worker"])
def test_an_annotation_that_is_not_understood_takes_nothing_over_and_says_so(
    world: World, value: str
) -> None:
    put_hpa(world)
    busy(world)
    take_over(world, value)

    world.operator().poll(2)

    assert (world.replicas(), hpa(world)["spec"]["maxReplicas"]) == (2, 8)
    assert f"the annotation hotel.example.com/take-over is {value!r}" in message(world)


def test_without_the_right_nothing_is_scaled_and_the_right_is_named(world: World) -> None:
    put_hpa(world)
    busy(world)
    take_over(world)
    world.api.refused[f"PATCH {HPAS}"] = 403

    world.operator().poll(3)

    assert (world.replicas(), world.condition("AbleToScale")) == (2, ("False", "TargetOwnedByOther"))
    assert "rbac.takeOver" in message(world)


@pytest.mark.parametrize("field", ["paused", "dryRun"])
def test_a_scaler_that_changes_nothing_takes_nothing_over(world: World, field: str) -> None:
    put_hpa(world)
    busy(world)
    fields: dict[str, Any] = {field: True}
    world.scaler(**fields)
    take_over(world)

    world.operator().poll(2)

    assert hpa(world)["spec"]["maxReplicas"] == 8


def test_a_deleted_scaler_gives_its_target_back(world: World) -> None:
    put_hpa(world)
    busy(world)
    take_over(world)
    operator = world.operator()
    operator.poll(2)
    world.api.delete(paths.scaler(NAMESPACE, "worker"))
    world.api.refused[f"PATCH {HPAS}"] = 500
    operator.poll(2)
    assert hpa(world)["spec"]["maxReplicas"] == 2**31 - 1

    world.api.refused.clear()

    def given_back() -> bool:
        operator.poll(seconds=61)
        return bool(hpa(world)["spec"]["maxReplicas"] == 8)

    wait_for(given_back)


def test_one_whose_memory_was_changed_is_not_given_back_on_a_guess(world: World) -> None:
    put_hpa(world)
    busy(world)
    take_over(world)
    operator = world.operator()
    operator.poll(2)
    changed = hpa(world)
    changed["metadata"]["annotations"]["hotel.example.com/before-take-over"] = "{}"
    world.api.put(f"{HPAS}/other", changed)

    world.annotate()
    operator.poll(seconds=31)

    assert "was changed: set its bounds" in message(world)
    assert hpa(world)["spec"]["maxReplicas"] == 2**31 - 1
