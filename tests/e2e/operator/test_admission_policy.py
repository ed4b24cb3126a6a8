"""The right to patch pods, narrowed to the operator's own annotations."""

import json
from typing import Any

import pytest
from support.cluster import CommandFailedError
from support.scaled_workers import CORDON, ScaledWorkers
from support.waiting import eventually

COST = "controller.kubernetes.io/pod-deletion-cost"
DENIED: dict[str, Any] = {
    "image": {"spec": {"containers": [{"name": "worker", "image": "evil.example.com/image"}]}},
    "label": {"metadata": {"labels": {"app": "debug"}}},
    "foreign annotation": {"metadata": {"annotations": {"example.com/mine": "1"}}},
    "finalizer": {"metadata": {"finalizers": ["example.com/stay"]}},
}


@pytest.fixture
def narrowed(scaled: ScaledWorkers) -> ScaledWorkers:
    """Two workers, and an operator's account with the policy of its chart."""
    scaled.install_admission_policy()
    scaled.workers(2)
    pod = scaled.ready()[0]
    # The API server takes a moment to enforce a new policy.
    eventually(lambda: not patched(scaled, pod, {"metadata": {"labels": {"probe": "x"}}}), seconds=60)
    return scaled


def patched(scaled: ScaledWorkers, pod: str, change: dict[str, Any]) -> bool:
    """Tell whether the operator's account may make a change of a pod."""
    account = f"system:serviceaccount:{scaled.namespace}:{scaled.account}"
    place = ("--namespace", scaled.namespace, "--as", account)
    try:
        scaled.cluster.kubectl(
            "patch", "pod", pod, *place, "--type=strategic", f"--patch={json.dumps(change)}"
        )
    except CommandFailedError as error:
        if "may change" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("what", DENIED)
def test_the_operators_account_changes_nothing_else(narrowed: ScaledWorkers, what: str) -> None:
    assert not patched(narrowed, narrowed.ready()[0], DENIED[what])


def test_its_own_annotations_come_and_go(narrowed: ScaledWorkers) -> None:
    pod = narrowed.ready()[0]

    assert patched(
        narrowed, pod, {"metadata": {"annotations": {COST: "1000", CORDON: "2030-01-01T00:00:00Z"}}}
    )
    assert patched(narrowed, pod, {"metadata": {"annotations": {COST: None, CORDON: None}}})


def test_the_operator_still_cordons(narrowed: ScaledWorkers) -> None:
    pods = narrowed.ready()
    narrowed.engine.add("validate", 10)
    for pod in pods:
        narrowed.engine.lock(f"{pod}:1a2b", 1)
    narrowed.engine.tasks = [task for task in narrowed.engine.tasks if task.worker_id]
    narrowed.scaler(cordonSeconds=300, target={"tasksPerReplica": 5}, maxReplicaCount=2)

    with narrowed.operator():
        eventually(narrowed.cordoned, seconds=60)
