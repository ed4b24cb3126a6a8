"""Targets of any kind that has a scale: found by discovery, their pods taken as their controller does."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from external_task_operator.scaling.pods import Pod, parse, removable, taken_like
from support.operator_world.world import NAMESPACE, World

ROLLOUTS = "argoproj.io/v1alpha1"
ROLLOUT = {"apiVersion": ROLLOUTS, "kind": "Rollout", "name": "worker"}


def serve(world: World, *, namespaced: bool = True, scalable: bool = True) -> None:
    world.api.kinds[ROLLOUTS] = [("rollouts", "Rollout", namespaced, scalable)]


def own(world: World, pod: str, kind: str = "ReplicaSet", uid: str = "one", **labels: str) -> None:
    item = world.api.get(paths.pod(NAMESPACE, pod))
    assert item is not None
    item["metadata"]["ownerReferences"] = [{"kind": kind, "uid": uid, "name": uid, "controller": True}]
    item["metadata"]["labels"] |= labels
    world.api.put(paths.pod(NAMESPACE, pod), item)


def rollout(world: World, replicas: int) -> None:
    serve(world)
    world.target(replicas, kind="rollouts", api=ROLLOUTS)


def replicas(world: World) -> int:
    return world.replicas(kind="rollouts", api=ROLLOUTS)


def sentence(world: World) -> str:
    return str(world.status()["decision"])


def test_a_rollout_is_scaled_from_zero_and_asked_for_by_its_plural_once(world: World) -> None:
    rollout(world, 0)
    world.scaler(scaleTargetRef=ROLLOUT)
    world.engine.add("validate", 34)

    world.operator().poll(3)

    assert replicas(world) == 7
    assert world.condition("AbleToScale")[0] == "True"
    assert world.api.requests.count(f"GET /apis/{ROLLOUTS}") == 1


@pytest.mark.parametrize(
    ("namespaced", "scalable", "said"),
    [
        (True, False, "Rollout of argoproj.io/v1alpha1 has no scale subresource"),
        (False, True, "Rollout of argoproj.io/v1alpha1 has no scale subresource in a namespace"),
    ],
)
def test_a_kind_without_a_scale_in_a_namespace_is_refused(
    world: World, said: str, *, namespaced: bool, scalable: bool
) -> None:
    serve(world, namespaced=namespaced, scalable=scalable)
    world.scaler(scaleTargetRef=ROLLOUT)
    world.engine.add("validate", 34)

    world.operator().poll(2)

    assert world.condition("AbleToScale") == ("False", "TargetNotScalable")
    assert said in sentence(world)
    assert [asked for asked in world.api.requests if "/scale" in asked] == []


def test_a_kind_that_is_not_served_is_said_and_found_when_it_is(world: World) -> None:
    world.scaler(scaleTargetRef=ROLLOUT)
    world.engine.add("validate", 34)
    operator = world.operator()
    operator.poll()
    assert world.condition("AbleToScale") == ("False", "TargetNotScalable")
    assert "install its CRD" in sentence(world)

    rollout(world, 0)
    operator.poll(seconds=31)

    assert replicas(world) == 7


def test_a_kind_that_the_operator_has_no_right_to_scale_is_said(world: World) -> None:
    rollout(world, 3)
    world.api.refused[f"GET /apis/{ROLLOUTS}/namespaces"] = 403
    world.scaler(scaleTargetRef=ROLLOUT)

    world.operator().poll()

    assert world.condition("AbleToScale") == ("False", "TargetForbidden")


def test_an_answer_that_is_no_scale_scales_nothing(world: World) -> None:
    rollout(world, 3)
    found = world.api.get(f"/apis/{ROLLOUTS}/namespaces/{NAMESPACE}/rollouts/worker")
    assert found is not None
    found["spec"]["replicas"] = "many"
    world.scaler(scaleTargetRef=ROLLOUT)
    world.engine.add("validate", 50)

    world.operator().poll()

    assert world.condition("AbleToScale") == ("False", "FailedGetScale")
    assert found["spec"]["replicas"] == "many"


@pytest.mark.parametrize(
    "ref",
    [
        {"apiVersion": "v1", "kind": "Pod", "name": "x"},
        {"apiVersion": "argoproj.io/../../api/v1", "kind": "Rollout", "name": "x"},
        {"apiVersion": "argoproj.io/v1alpha1/namespaces/victim", "kind": "Rollout", "name": "x"},
        {"apiVersion": "argoproj.io/v1%2f", "kind": "Rollout", "name": "x"},
        {"apiVersion": "argoproj.io/v1\n", "kind": "Rollout", "name": "x"},
        {"apiVersion": ROLLOUTS, "kind": "Rollout/x", "name": "x"},
        {"apiVersion": ROLLOUTS, "kind": "rollouts", "name": "x"},
        {"apiVersion": ROLLOUTS, "kind": "", "name": "x"},
        {"apiVersion": ROLLOUTS, "kind": "R" * 64, "name": "x"},
    ],
)
def test_an_api_version_or_kind_that_leads_elsewhere_is_refused_before_any_call(
    world: World, ref: dict[str, str]
) -> None:
    world.scaler(scaleTargetRef=ref)

    world.operator().poll()

    assert world.condition("Ready") == ("False", "InvalidSpec")
    assert "spec.scaleTargetRef." in sentence(world)
    assert [asked for asked in world.api.requests if "argoproj" in asked or "victim" in asked] == []


def test_a_plural_from_the_api_server_cannot_change_the_url(world: World) -> None:
    world.api.kinds[ROLLOUTS] = [("../../x", "Rollout", True, True)]
    world.scaler(scaleTargetRef=ROLLOUT)

    world.operator().poll()

    assert [asked for asked in world.api.requests if "/scale" in asked] == []
    assert world.condition("AbleToScale")[0] == "False" or world.condition("Ready")[0] == "False"


def test_idle_pods_of_a_rollout_go_first(world: World) -> None:
    rollout(world, 3)
    world.scaler(
        scaleTargetRef=ROLLOUT,
        behavior={"scaleDown": {"stabilizationWindowSeconds": 0}},
        target={"tasksPerReplica": 1},
    )
    for name in ("worker-a", "worker-b", "worker-c"):
        world.pod(name)
        own(world, name, **{"rollouts-pod-template-hash": "one"})
    world.engine.add("validate", 1, worker_id="worker-b:1")

    world.operator().poll(3)

    assert replicas(world) == 1
    assert f"PATCH {paths.pod(NAMESPACE, 'worker-b')}" in world.api.requests


def test_of_a_kind_whose_order_is_not_known_no_pod_goes_while_one_is_at_work(world: World) -> None:
    rollout(world, 3)
    world.scaler(
        scaleTargetRef=ROLLOUT,
        behavior={"scaleDown": {"stabilizationWindowSeconds": 0}},
        target={"tasksPerReplica": 1},
        cordonSeconds=30,
        cooldownPeriod=0,
    )
    for name in ("worker-a", "worker-b", "worker-c"):
        world.pod(name)
        own(world, name, kind="Fleet")
    world.engine.add("validate", 1, worker_id="worker-b:1")
    operator = world.operator()

    operator.poll(3)
    kept, said = replicas(world), sentence(world)
    world.engine.tasks.clear()
    operator.poll(3)

    assert (kept, replicas(world)) == (3, 0)
    assert "nobody can tell which pods a Rollout takes" in said


def test_a_scale_without_selector_names_no_pods_and_none_of_others_are_touched(world: World) -> None:
    rollout(world, 3)
    found = world.api.get(f"/apis/{ROLLOUTS}/namespaces/{NAMESPACE}/rollouts/worker")
    assert found is not None
    found["spec"]["selector"] = None
    world.scaler(
        scaleTargetRef=ROLLOUT,
        behavior={"scaleDown": {"stabilizationWindowSeconds": 0}},
        target={"tasksPerReplica": 1},
        cooldownPeriod=0,
    )
    world.pod("stranger", app="other")
    world.engine.add("validate", 1, worker_id="worker-b:1")
    operator = world.operator()

    operator.poll(3)
    kept, said = replicas(world), sentence(world)
    world.engine.tasks.clear()
    operator.poll(3)

    assert (kept, replicas(world)) == (3, 0)
    assert "labelSelectorPath" in said
    assert [asked for asked in world.api.requests if "/pods" in asked] == []


def test_an_hpa_of_another_group_is_no_competitor_and_one_of_the_same_is(world: World) -> None:
    rollout(world, 2)
    hpa = f"{paths.autoscalers(NAMESPACE)}/other"
    world.api.put(
        hpa, {"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Rollout", "name": "worker"}}}
    )
    world.scaler(scaleTargetRef=ROLLOUT)
    world.engine.add("validate", 50)
    operator = world.operator()
    operator.poll()
    assert replicas(world) == 10

    ref = {"apiVersion": "argoproj.io/v1beta1", "kind": "Rollout", "name": "worker"}
    world.api.put(hpa, {"spec": {"scaleTargetRef": ref}})
    operator.poll(seconds=31)

    assert world.condition("AbleToScale") == ("False", "TargetOwnedByOther")


def pod(name: str, kind: str, uid: str, **labels: str) -> Pod:
    owners = [{"kind": kind, "uid": uid, "name": uid, "controller": True}]
    item: dict[str, Any] = {"metadata": {"name": name, "ownerReferences": owners, "labels": labels}}
    return parse(item)


def test_pods_of_two_replica_sets_are_those_of_a_roll_out() -> None:
    pods = [pod("a", "ReplicaSet", "one"), pod("b", "ReplicaSet", "two")]

    assert taken_like("Fleet", pods) == "Deployment"
    assert removable("Deployment", pods, {"a"}, 1) == 0


@pytest.mark.parametrize(
    ("kind", "controllers", "like"),
    [
        ("Deployment", [""], "Deployment"),
        ("StatefulSet", ["ReplicaSet"], "StatefulSet"),
        ("Rollout", ["ReplicaSet", "ReplicaSet"], "Deployment"),
        ("Rollout", ["ReplicaSet", "StatefulSet"], ""),
        ("Fleet", ["StatefulSet"], "StatefulSet"),
        ("Fleet", ["Fleet"], ""),
        ("Fleet", [""], ""),
    ],
)
def test_the_controllers_of_pods_tell_in_which_order_they_are_taken(
    kind: str, controllers: list[str], like: str
) -> None:
    assert taken_like(kind, [Pod(str(n), controller=each) for n, each in enumerate(controllers)]) == like
