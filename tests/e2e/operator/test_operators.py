"""Operators that come, go, and are too many; and what their rights do not allow."""

from support.cluster import CommandFailedError
from support.scaled_workers import ScaledWorkers
from support.waiting import eventually

TAKE_OVER_SECONDS = 40


def test_of_two_one_acts_and_the_other_takes_over_when_it_dies(scaled: ScaledWorkers) -> None:
    scaled.workers(0)
    scaled.scaler(maxReplicaCount=3)
    with scaled.operator() as first:
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        with scaled.operator() as second:
            eventually(lambda: second.says("stands by"))
            scaled.engine.add("validate", 5)
            eventually(lambda: scaled.replicas() == 1)
            eventually(lambda: str(scaled.status()["operator"]).startswith("operator-1"))

            first.kill()
            scaled.engine.add("validate", 5)

            eventually(lambda: scaled.replicas() == 2, seconds=TAKE_OVER_SECONDS)
            # The status follows what it tells of.
            eventually(lambda: str(scaled.status()["operator"]).startswith("operator-2"))


def test_killed_nothing_moves_and_the_next_goes_on_where_it_was(scaled: ScaledWorkers) -> None:
    """The scale-in window neither starts again nor is forgotten."""
    window = {"scaleDown": {"stabilizationWindowSeconds": 40}}
    scaled.workers(2)
    scaled.engine.add("validate", 10)
    scaled.scaler(behavior=window)
    with scaled.operator() as first:
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        scaled.engine.complete()
        eventually(lambda: scaled.status().get("reason") == "Stabilizing")
        promised = scaled.status()["decision"]
        first.kill()
    assert scaled.replicas() == 2
    with scaled.operator():
        eventually(
            lambda: str(scaled.status()["operator"]).startswith("operator-2"), seconds=TAKE_OVER_SECONDS
        )
        assert scaled.status()["decision"] == promised or scaled.replicas() == 0
        eventually(lambda: scaled.replicas() == 0, seconds=45)


def test_killed_in_the_midst_of_a_scale_in_no_pod_at_work_goes(scaled: ScaledWorkers) -> None:
    scaled.workers(3)
    scaled.engine.add("validate", 3)
    for name in scaled.ready():
        scaled.engine.lock(f"{name}:1a2b3c4d", 1)
    scaled.scaler(cordonSeconds=3)
    with scaled.operator() as first:
        eventually(lambda: len(scaled.cordoned()) == 2)
        first.kill()
    leaving, staying = scaled.cordoned()
    scaled.engine.complete(f"{leaving}:1a2b3c4d")
    assert scaled.replicas() == 3
    with scaled.operator():
        eventually(lambda: scaled.replicas() == 2, seconds=TAKE_OVER_SECONDS)
        eventually(lambda: len(scaled.pods()) == 2)

    assert leaving not in scaled.ready()
    assert staying in scaled.ready()


def test_a_lease_is_given_back_on_a_graceful_end(scaled: ScaledWorkers) -> None:
    scaled.workers(0)
    scaled.scaler()
    with scaled.operator() as first:
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))
        assert first.terminate() == 0

    lease = ("get", "lease", "external-task-operator", "--namespace", scaled.namespace)
    assert scaled.cluster.kubectl(*lease, "--output=jsonpath={.spec.holderIdentity}") == ""


FORBIDDEN = (
    "get deployments",
    "patch deployments",
    "update replicasets/scale",
    "create pods",
    "delete pods",
    "create pods/exec",
    "get secrets",
    "list secrets",
    "get configmaps",
    "create externaltaskscalers.hotel.example.com",
    "update externaltaskscalers.hotel.example.com",
    "delete externaltaskscalers.hotel.example.com",
    "delete leases.coordination.k8s.io",
    "update leases.coordination.k8s.io/another",
    "list nodes",
    "list namespaces",
    "create rolebindings.rbac.authorization.k8s.io",
)
ALLOWED = (
    "get pods",
    "list pods",
    "patch pods",
    "update deployments.apps --subresource=scale",
    "update leases.coordination.k8s.io/external-task-operator",
)


def may(scaled: ScaledWorkers, action: str, namespace: str) -> bool:
    account = f"system:serviceaccount:{scaled.namespace}:{scaled.account}"
    try:
        scaled.cluster.kubectl("auth", "can-i", *action.split(), "--namespace", namespace, "--as", account)
    except CommandFailedError:
        return False
    return True


def test_it_may_do_what_it_must_and_nothing_else(scaled: ScaledWorkers) -> None:
    assert [action for action in ALLOWED if not may(scaled, action, scaled.namespace)] == []
    assert [action for action in FORBIDDEN if may(scaled, action, scaled.namespace)] == []


def test_it_may_do_nothing_in_another_namespace(scaled: ScaledWorkers) -> None:
    assert [action for action in ALLOWED if may(scaled, action, "default")] == []
