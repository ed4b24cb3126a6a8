from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hotel.cluster.kubectl import Kubectl
from hotel.cluster.scalers import Scaler, read_scalers
from hotel.errors import Refused
from support.fake_kubectl import FakeKubectl, scaler

HOTEL = Kubectl(namespace="hotel")


def condition(kind: str, status: str, reason: str = "Because", message: str = "So it is.") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def only(cluster: FakeKubectl, **status: Any) -> Scaler:
    cluster.know(scaler(**status))
    (found,) = read_scalers(HOTEL)
    return found


def test_a_scaler_is_read_with_its_numbers_and_its_decision(cluster: FakeKubectl) -> None:
    found = only(
        cluster,
        replicas=2,
        desiredReplicas=5,
        unlocked=26,
        locked=8,
        decision="Scale to 5.",
        conditions=[condition("Ready", "True"), condition("Active", "False")],
        lastPollTime=datetime.now(UTC).isoformat(),
    )

    assert (found.replicas, found.desired, found.unlocked, found.locked) == (2, 5, 26, 8)
    assert (found.decision, found.target) == ("Scale to 5.", "Deployment/hotel-worker-default")
    assert found.problems == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Ready", "False"),
        ("Ready", "Unknown"),
        ("AbleToScale", "False"),
        ("Fallback", "True"),
        ("Paused", "True"),
        ("ScalingLimited", "True"),
    ],
)
def test_a_condition_that_is_not_as_it_should_be_is_a_problem(
    cluster: FakeKubectl, kind: str, status: str
) -> None:
    found = only(cluster, decision="Keep 1.", conditions=[condition(kind, status)])

    assert found.problems == [f"{kind} is {status}: Because: So it is."]


def test_a_status_that_nobody_renews_is_a_problem(cluster: FakeKubectl) -> None:
    written = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()

    found = only(cluster, decision="Keep 1.", lastPollTime=written)

    assert found.problems == [f"its status is from {written}: does the operator run?"]


@pytest.mark.parametrize(
    ("interval", "age", "stale"), [(5, 20, True), (5, 10, False), (300, 600, False), (300, 1000, True)]
)
def test_what_is_stale_depends_on_how_often_the_operator_writes(
    cluster: FakeKubectl,
    interval: int,
    age: int,
    stale: bool,  # noqa: FBT001
) -> None:
    written = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()

    found = only(cluster, decision="Keep 1.", lastPollTime=written, refreshSeconds=interval)

    assert (found.stale_since is not None) == stale


def test_a_scaler_that_no_operator_has_seen_says_so(cluster: FakeKubectl) -> None:
    found = only(cluster)

    assert found.replicas is None
    assert found.problems == ["nothing is decided yet: does the operator run?"]


def test_a_cluster_that_does_not_know_scalers_has_none(cluster: FakeKubectl) -> None:
    cluster.fail("get", 'error: the server doesn\'t have a resource type "externaltaskscalers"')

    assert read_scalers(HOTEL) == []


def test_a_right_that_is_missing_is_told(cluster: FakeKubectl) -> None:
    cluster.fail("get", "Error from server (Forbidden): externaltaskscalers is forbidden")

    with pytest.raises(Refused, match="externaltaskscalers is forbidden"):
        read_scalers(HOTEL)
