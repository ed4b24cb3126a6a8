"""Pods that never become ready, and workers that name no pod, are reported."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from external_task_operator.scaling.pods import Pod, parse
from external_task_operator.scaling.readiness import readiness
from support.operator_world.world import NAMESPACE, World

NOW = 10_000.0


def item(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "worker-a"}, "spec": {"nodeName": "node"}, "status": status}


def waiting(reason: str, kind: str = "containerStatuses") -> dict[str, Any]:
    return {kind: [{"restartCount": 4, "state": {"waiting": {"reason": reason}}}]}


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (waiting("CrashLoopBackOff"), "CrashLoopBackOff"),
        (waiting("ImagePullBackOff", "initContainerStatuses"), "ImagePullBackOff"),
        (waiting("ContainerCreating"), ""),
        (waiting("PodInitializing"), ""),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
            "Unschedulable",
        ),
        ({"containerStatuses": [{"state": {"running": {}}}]}, ""),
        ({}, ""),
    ],
)
def test_what_keeps_a_pod_from_running_is_read_from_its_status(status: dict[str, Any], problem: str) -> None:
    assert parse(item(**status)).problem == problem


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ([], "NoPods"),
        ([Pod("a"), Pod("b", ready=False, problem="CrashLoopBackOff")], "PodsReady"),
        ([Pod("a", ready=False, created=NOW - 10)], "PodsStarting"),
        ([Pod("a", ready=False, created=NOW - 130)], "NoPodReady"),
        ([Pod("a", ready=False, created=NOW - 10, problem="ErrImagePull")], "NoPodReady"),
        ([Pod("a", restarts=5, ready_changed=NOW - 5)], "NoPodReady"),
        ([Pod("a", restarts=5, ready_changed=NOW - 500)], "PodsReady"),
        ([Pod("a", ready=False, cordoned_until=NOW + 300)], "NoPods"),
        ([Pod("a", ready=False, leaving=True), Pod("b", phase="Failed", ready=False)], "NoPods"),
    ],
)
def test_pods_are_ready_start_or_fail(pods: list[Pod], reason: str) -> None:
    assert readiness(pods, NOW).reason == reason


def test_workers_that_crash_are_named_in_a_condition_and_an_event(world: World) -> None:
    world.target(0)
    world.scaler()
    world.engine.add("validate", 34)
    operator = world.operator()
    operator.poll()
    for number in range(7):
        world.pod(f"worker-{number}", ready=False)
        pod = world.api.get(paths.pod(NAMESPACE, f"worker-{number}"))
        assert pod is not None
        pod["status"] |= waiting("CrashLoopBackOff")

    operator.poll(7)

    assert world.condition("PodsReady") == ("False", "NoPodReady")
    messages = [c["message"] for c in world.status()["conditions"] if c["type"] == "PodsReady"]
    assert "worker-0 (CrashLoopBackOff)" in messages[0]
    assert ("Warning", "NoPodReady") in world.events()


@pytest.mark.parametrize("worker_id", ["some-random-id", "laptop:1a2b", "\x1b[2Jevil", "x" * 300])
def test_locks_of_workers_that_name_no_pod_are_said(world: World, worker_id: str) -> None:
    world.target(1)
    world.pod("worker-a")
    world.scaler()
    world.engine.add("validate", 3)
    world.engine.lock(worker_id, 2)
    operator = world.operator()

    operator.poll()

    assert world.condition("WorkersKnown") == ("False", "UnknownWorkers")
    (message,) = [c["message"] for c in world.status()["conditions"] if c["type"] == "WorkersKnown"]
    assert "2 locks" in message
    assert message.isprintable()
    assert ("Warning", "UnknownWorkers") in world.events()


@pytest.mark.parametrize("worker_id", ["worker-a:1a2b", "worker-a5f3", "worker-gone:1a2b", "other-x:1a2b"])
def test_workers_that_name_a_pod_of_a_target_are_known(world: World, worker_id: str) -> None:
    world.target(1)
    world.target(1, "other")
    world.pod("worker-a")
    world.scaler()
    world.scaler("other", scaleTargetRef={"name": "other"}, topics=["else"])
    world.engine.add("validate", 3)
    world.engine.lock(worker_id, 2)

    world.operator().poll()

    assert world.condition("WorkersKnown") == ("True", "WorkersKnown")


def test_pods_are_looked_at_now_and_then_only(world: World) -> None:
    world.target(1)
    world.pod("worker-a")
    world.scaler(protectBusyPods=False, minReplicaCount=1)
    operator = world.operator()
    operator.poll()
    world.api.requests.clear()

    operator.poll(50)

    assert world.api.requests.count(f"GET {paths.pods(NAMESPACE)}") == 0


def crash(world: World, *numbers: int, reason: str = "CrashLoopBackOff") -> None:
    for number in numbers:
        world.pod(f"worker-{number}", ready=False)
        pod = world.api.get(paths.pod(NAMESPACE, f"worker-{number}"))
        assert pod is not None
        pod["status"] |= waiting(reason)


def test_workers_that_crash_are_not_multiplied_and_go_on_when_one_is_ready(world: World) -> None:
    world.target(0)
    world.scaler()
    world.engine.add("validate", 34)
    operator = world.operator()
    operator.poll()
    crash(world, *range(7))
    operator.poll(7)

    world.engine.add("validate", 60)
    operator.poll(3)
    held, said = world.replicas(), world.status()["decision"]
    world.pod("worker-3")
    operator.poll(2)

    assert (held, world.replicas()) == (7, 19)
    assert world.condition("PodsReady") == ("True", "PodsReady")
    assert "no scale-up while none of the pods becomes ready" in said


def test_the_annotation_of_replicas_spares_pods_at_work(world: World) -> None:
    world.target(3)
    for name in ("worker-a", "worker-b", "worker-c"):
        world.pod(name)
    world.scaler()
    world.engine.add("validate", 2, worker_id="worker-b:1")
    world.annotate(**{"hotel.example.com/paused-replicas": "0"})
    operator = world.operator()

    operator.poll(3)
    kept = world.replicas()
    world.engine.tasks.clear()
    operator.poll(2)
    gone = world.replicas()
    world.engine.add("validate", 50)
    operator.poll(2)

    assert (kept, gone, world.replicas()) == (1, 0, 0)
    assert world.condition("Paused") == ("True", "PausedAtReplicas")
    world.annotate()
    operator.poll()
    assert world.replicas() == 10


def test_the_annotation_of_replicas_takes_no_pod_when_nobody_knows_which_are_at_work(world: World) -> None:
    world.target(3)
    world.scaler(engine={"url": world.engine_url, "credentialsSecret": {"name": "missing"}})
    world.annotate(**{"hotel.example.com/paused-replicas": "0"})
    operator = world.operator()
    operator.poll(3)
    assert world.replicas() == 3

    world.annotate(**{"hotel.example.com/paused-replicas": "5"})
    operator.poll()

    assert world.replicas() == 5


def test_a_maximum_that_a_schedule_lowers_waits_for_pods_at_work(world: World) -> None:
    world.target(3)
    for name in ("worker-a", "worker-b", "worker-c"):
        world.pod(name)
    always = {"name": "always", "start": "* * * * *", "end": "0 0 1 1 *", "maxReplicaCount": 1}
    world.engine.add("validate", 2, worker_id="worker-b:1")
    world.engine.add("validate", 2, worker_id="worker-c:1")
    world.scaler(schedules=[always])
    operator = world.operator()

    operator.poll(3)

    assert world.replicas() == 2
    assert world.status()["activeSchedules"] == ["always"]
    assert operator.metric('external_task_scaler_replicas{kind="maximum"') == {
        'external_task_scaler_replicas{kind="maximum",namespace="hotel",scaler="worker"}': 1
    }
    world.scaler(maxReplicaCount=1)
    operator.poll(2)
    assert world.replicas() == 1
