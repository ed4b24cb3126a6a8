"""What a real API server refuses or hides for one object touches no other scaler."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.scaled_workers import ScaledWorkers
from support.waiting import eventually


def admission(kind: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
    }


def scale_of_worker(namespace: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "resourceRules": [
            {
                "apiGroups": ["apps"],
                "apiVersions": ["v1"],
                "operations": ["UPDATE"],
                "resources": ["deployments/scale"],
                "resourceNames": ["worker"],
            }
        ],
    }


def denying_policy(namespace: str) -> list[dict[str, Any]]:
    """A policy that denies with 422, as those of platform teams do."""
    spec = {"failurePolicy": "Fail", "matchConstraints": scale_of_worker(namespace)}
    validation = {"expression": "false", "message": "not on a Friday", "reason": "Invalid"}
    return [
        admission("ValidatingAdmissionPolicy", namespace) | {"spec": {**spec, "validations": [validation]}},
        admission("ValidatingAdmissionPolicyBinding", namespace)
        | {"spec": {"policyName": namespace, "validationActions": ["Deny"]}},
    ]


def failing_webhook(namespace: str) -> list[dict[str, Any]]:
    """A webhook whose service does not exist."""
    rule = scale_of_worker(namespace)
    (resources,) = rule["resourceRules"]
    webhook = {
        "name": "gone.example.com",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        "clientConfig": {"service": {"namespace": namespace, "name": "gone"}},
        "namespaceSelector": rule["namespaceSelector"],
        "rules": [{key: value for key, value in resources.items() if key != "resourceNames"}],
        "matchConditions": [{"name": "worker", "expression": "request.name == 'worker'"}],
    }
    return [admission("ValidatingWebhookConfiguration", namespace) | {"webhooks": [webhook]}]


@pytest.fixture(params=[denying_policy, failing_webhook], ids=["policy", "webhook"])
def refused(scaled: ScaledWorkers, request: pytest.FixtureRequest) -> Iterator[ScaledWorkers]:
    """Workers whose scale nobody may change, and others."""
    scaled.workers(0)
    scaled.workers(0, "other")
    manifests = request.param(scaled.namespace)
    scaled.cluster.apply(scaled.namespace, *manifests)
    try:
        yield scaled
    finally:
        for manifest in manifests:
            scaled.cluster.kubectl("delete", manifest["kind"], manifest["metadata"]["name"])


def test_a_scale_that_is_refused_is_said_and_the_others_go_on(refused: ScaledWorkers) -> None:
    refused.scaler(minReplicaCount=1)
    refused.scaler("other", scaleTargetRef={"name": "other"})
    with refused.operator():
        eventually(
            lambda: (
                refused.condition("AbleToScale") == ("False", "FailedUpdateScale") or refused.replicas() > 0
            ),
            seconds=60,
        )
        # A new policy takes a moment until it is enforced; then the minimum is refused.
        refused.scaler(minReplicaCount=2)
        refused.engine.add("validate", 5)
        eventually(lambda: refused.condition("AbleToScale") == ("False", "FailedUpdateScale"), seconds=60)
        eventually(lambda: refused.replicas("other") == 1, seconds=30)

    assert "FailedUpdateScale" in refused.reasons()
    assert refused.status()["reason"] == "FailedUpdateScale"


def test_a_pod_that_lost_its_label_keeps_its_locks_until_it_is_gone(scaled: ScaledWorkers) -> None:
    scaled.workers(1)
    (pod,) = scaled.ready()
    scaled.engine.add("validate", 2)
    scaled.engine.lock(f"{pod}:1a2b", 2)
    scaled.scaler(unlockOrphans=True, minReplicaCount=1, maxReplicaCount=1)

    def holders() -> set[str | None]:
        return {task.worker_id for task in scaled.engine.tasks}

    with scaled.operator():
        eventually(lambda: scaled.status().get("locked") == 2, seconds=60)
        place = ("--namespace", scaled.namespace)
        scaled.cluster.kubectl("label", "pod", pod, "app=debug", "--overwrite", *place)
        eventually(lambda: len(scaled.ready()) == 1, seconds=60)
        polled = len(scaled.engine.requests)
        eventually(lambda: len(scaled.engine.requests) > polled + 10, seconds=60)
        kept = holders()
        scaled.cluster.kubectl("delete", "pod", pod, *place)
        eventually(lambda: holders() == {None}, seconds=30)

    assert kept == {f"{pod}:1a2b"}
    assert "OrphansUnlocked" in scaled.reasons()


def test_a_scaler_that_no_operator_has_seen_is_in_progress(scaled: ScaledWorkers) -> None:
    """For Flux, `helm --wait` and whatever else goes by kstatus."""
    scaled.scaler(paused=True)
    fresh = scaled.status()["observedGeneration"]
    scaled.workers(0)
    with scaled.operator():
        eventually(lambda: scaled.status()["observedGeneration"] == 1, seconds=60)

    assert fresh == -1
    assert scaled.status()["refreshSeconds"] == 60
