"""Scaling of real workloads: whom the controllers really take, and who else has a say."""

import time
from collections.abc import Callable

import pytest
from support.scaled_workers import ScaledWorkers
from support.waiting import eventually

COST = "controller.kubernetes.io/pod-deletion-cost"
ROUNDS = 3
STARTS = 20
POLLING_SECONDS = 3


def test_from_zero_to_what_is_needed_in_one_step_and_back(scaled: ScaledWorkers) -> None:
    scaled.workers(0)
    scaled.scaler()
    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        scaled.engine.add("validate", 14)
        eventually(lambda: scaled.replicas() > 0)
        first = scaled.replicas()
        eventually(lambda: len(scaled.ready()) == 3, seconds=60)
        scaled.engine.complete()
        eventually(lambda: scaled.replicas() == 0)

    assert first == 3
    assert scaled.reasons() == ["ScaledUp", "ScaledDown"]


def test_pods_that_hold_locks_stay_and_idle_ones_go(scaled: ScaledWorkers) -> None:
    """Without deletion costs the controller takes the youngest; here old and young ones are busy in turn."""
    scaled.workers(4)
    scaled.engine.add("validate", 20)
    scaled.scaler()
    with scaled.operator():
        for turn in range(ROUNDS):
            eventually(lambda: len(scaled.ready()) == 4, seconds=90)
            ages = sorted(
                scaled.pods(), key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"])
            )
            busy = [pod["metadata"]["name"] for pod in (ages[turn], ages[-1 - turn])]
            scaled.engine.complete()
            scaled.engine.add("validate", 6)
            for name in busy:
                scaled.engine.lock(f"{name}:1a2b3c4d", 3)

            eventually(lambda: len(scaled.pods()) == 2)
            assert sorted(pod["metadata"]["name"] for pod in scaled.pods()) == sorted(busy)
            eventually(
                lambda: not any(COST in (pod["metadata"].get("annotations") or {}) for pod in scaled.pods())
            )
            scaled.engine.complete()
            scaled.engine.add("validate", 20)


def test_pods_at_work_are_cordoned_and_go_one_by_one_as_they_end(scaled: ScaledWorkers) -> None:
    """These workers know nothing of cordons, so each is given its time and then judged by its locks."""
    scaled.workers(3)
    scaled.engine.add("validate", 15)
    scaled.scaler(cordonSeconds=3)

    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        for name in scaled.ready():
            scaled.engine.lock(f"{name}:1a2b3c4d", 1)
        scaled.engine.tasks = [task for task in scaled.engine.tasks if task.worker_id]
        eventually(lambda: len(scaled.cordoned()) == 2)
        assert scaled.replicas() == 3
        first, second = scaled.cordoned()

        scaled.engine.complete(f"{first}:1a2b3c4d")

        eventually(lambda: scaled.replicas() == 2)
        eventually(lambda: first not in {pod["metadata"]["name"] for pod in scaled.pods()})
        assert scaled.cordoned() == {second}
        scaled.engine.add("validate", 10)
        eventually(lambda: not scaled.cordoned())


def test_a_stateful_set_keeps_its_busy_pods(scaled: ScaledWorkers) -> None:
    scaled.workers(4, kind="StatefulSet")
    scaled.engine.add("validate", 20)
    scaled.scaler(scaleTargetRef={"kind": "StatefulSet", "name": "worker"})
    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        scaled.engine.complete()
        scaled.engine.add("validate", 2)
        scaled.engine.lock("worker-2:1a2b3c4d", 2)

        eventually(lambda: scaled.replicas(kind="statefulset") == 3)
        eventually(lambda: scaled.ready() == ["worker-0", "worker-1", "worker-2"])
        scaled.engine.complete()
        eventually(lambda: scaled.replicas(kind="statefulset") == 0)


def test_what_a_killed_pod_held_is_unlocked(scaled: ScaledWorkers) -> None:
    scaled.workers(2)
    victim, survivor = scaled.ready()
    scaled.engine.add("validate", 10)
    scaled.engine.lock(f"{victim}:1a2b3c4d", 3)
    scaled.engine.lock(f"{survivor}:1a2b3c4d", 3)
    scaled.scaler(unlockOrphans=True, minReplicaCount=2)
    with scaled.operator():
        eventually(lambda: scaled.status().get("locked") == 6)

        scaled.cluster.kubectl(
            "delete", "pod", victim, "--namespace", scaled.namespace, "--grace-period=0", "--force"
        )

        eventually(lambda: not any((task.worker_id or "").startswith(victim) for task in scaled.engine.tasks))
        assert len([task for task in scaled.engine.tasks if task.worker_id]) == 3


def test_an_hpa_on_the_target_is_respected(scaled: ScaledWorkers) -> None:
    scaled.workers(1)
    hpa = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "other"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"},
            "maxReplicas": 3,
        },
    }
    scaled.cluster.apply(scaled.namespace, hpa)
    scaled.engine.add("validate", 40)
    scaled.scaler()
    with scaled.operator():
        eventually(lambda: scaled.condition("AbleToScale") == ("False", "TargetOwnedByOther"))
        assert "HorizontalPodAutoscaler other" in scaled.status()["conditions"][0]["message"]
        assert scaled.replicas() == 1
        scaled.cluster.kubectl("delete", "hpa", "other", "--namespace", scaled.namespace)

        eventually(lambda: scaled.replicas() == 8, seconds=45)


def test_the_pause_annotation_holds_and_releases(scaled: ScaledWorkers) -> None:
    scaled.workers(0)
    scaled.scaler()
    annotate = ("annotate", "ets", "worker", "--namespace", scaled.namespace)
    scaled.cluster.kubectl(*annotate, "hotel.example.com/paused=true")
    scaled.engine.add("validate", 4)
    with scaled.operator():
        eventually(lambda: scaled.condition("Paused") == ("True", "Paused"))
        assert scaled.replicas() == 0

        scaled.cluster.kubectl(*annotate, "hotel.example.com/paused-")

        eventually(lambda: scaled.replicas() == 1)


@pytest.mark.parametrize(("status", "reason"), [(401, "EngineUnauthorized"), (503, "EngineOverloaded")])
def test_replicas_stay_while_the_engine_refuses(scaled: ScaledWorkers, status: int, reason: str) -> None:
    scaled.workers(2)
    scaled.engine.add("validate", 10)
    scaled.scaler()
    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        scaled.engine.complete()
        scaled.engine.status = status
        eventually(lambda: scaled.condition("Ready") == ("False", reason))
        eventually(lambda: scaled.status().get("failures", 0) >= 5)

        assert scaled.replicas() == 2
        scaled.engine.status = None
        eventually(lambda: scaled.replicas() == 0)


def test_each_backlog_is_met_by_a_first_scale_and_left_to_zero(
    scaled: ScaledWorkers, note: Callable[[str], None]
) -> None:
    scaled.workers(0)
    scaled.scaler(maxReplicaCount=1, pollingInterval=POLLING_SECONDS)
    waits = []
    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        for _ in range(STARTS):
            scaled.engine.add("validate")
            began = time.monotonic()
            eventually(lambda: scaled.replicas() == 1, every=0.02)
            waits.append(time.monotonic() - began)
            scaled.engine.complete()
            eventually(lambda: scaled.replicas() == 0, every=0.1)

    p95 = sorted(waits)[round(0.95 * STARTS) - 1]
    note(
        f"first scale after the backlog: p95 {p95:.2f} s of {STARTS} starts, polled every {POLLING_SECONDS} s"
    )
