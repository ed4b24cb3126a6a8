"""What the API server itself makes of ExternalTaskScalers."""

from typing import Any

import pytest
from support.cluster import Cluster, CommandFailedError
from support.scaled_workers import ScaledWorkers
from support.waiting import eventually

OAUTH2 = {"tokenUrl": "https://login.example.com/token", "secretName": "a"}
OFFICE: dict[str, Any] = {
    "name": "office",
    "start": "0 8 * * 1-5",
    "end": "0 18 * * 1-5",
    "minReplicaCount": 2,
}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"minReplicaCount": 5, "maxReplicaCount": 3}, "minReplicaCount must not be above"),
        ({"target": {"drainSeconds": 30}}, "belong together; set both or none"),
        ({"fallback": {"replicas": 11}}, "fallback.replicas must not be above maxReplicaCount"),
        ({"fallback": {"replicas": 0}}, "should be greater than or equal to 1"),
        ({"engine": {"url": "engine:8080"}}, "must start with http:// or https://"),
        ({"engine": {"url": "http://user:secret@engine"}}, "must not hold credentials"),
        ({"engine": {"url": "http://e", "ca": {}}}, "takes one of configMapName and secretName"),
        (
            {"engine": {"url": "http://e", "credentialsSecret": {"name": "a"}, "oauth2": OAUTH2}},
            "engine takes one of credentialsSecret and oauth2",
        ),
        (
            {"engine": {"url": "http://e", "oauth2": OAUTH2 | {"tokenUrl": "https://a:b@login/token"}}},
            "engine.oauth2.tokenUrl must not hold credentials",
        ),
        (
            {"engine": {"url": "http://e", "oauth2": OAUTH2 | {"secretName": "../a"}}},
            "must be the name of an object",
        ),
        (
            {"engine": {"url": "http://e", "clientCertificate": {"secretName": "A"}}},
            "must be the name of an object",
        ),
        ({"topics": []}, "should have at least 1 items"),
        ({"topics": ["a", "a"]}, "Duplicate value"),
        (
            {"scaleTargetRef": {"kind": "deployments", "name": "x"}},
            "must be a kind, as Deployment or Rollout",
        ),
        ({"scaleTargetRef": {"apiVersion": "v1", "name": "x"}}, "must be group and version of an API"),
        ({"activationThreshold": -1}, "should be greater than or equal to 0"),
        ({"taskFilter": {}}, "taskFilter must name tenantIds"),
        (
            {"taskFilter": {"processDefinitionKeys": ["a"], "processDefinitionIds": ["b"]}},
            "takes one of processDefinitionKeys and processDefinitionIds",
        ),
        ({"schedules": [OFFICE | {"start": "8 o'clock"}]}, "must be a cron expression of five fields"),
        (
            {"schedules": [OFFICE | {"end": OFFICE["start"]}]},
            "start and end of a schedule must not be the same",
        ),
        ({"schedules": [OFFICE | {"timezone": "../UTC"}]}, "must be the IANA name of a time zone"),
        (
            {"schedules": [OFFICE | {"minReplicaCount": 11}]},
            "minReplicaCount of a schedule must not be above",
        ),
        ({"schedules": [OFFICE, OFFICE]}, "Duplicate value"),
        ({"pollingInterval": 0}, "should be greater than or equal to 1"),
        (
            {"behavior": {"scaleUp": {"policies": [{"type": "Nodes", "value": 1, "periodSeconds": 5}]}}},
            "Nodes",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_words_that_help(
    crd: Cluster, spec: dict[str, Any], message: str
) -> None:
    full = {"scaleTargetRef": {"name": "x"}, "engine": {"url": "http://engine"}, "topics": ["a"], **spec}
    manifest = {
        "apiVersion": "hotel.example.com/v1alpha1",
        "kind": "ExternalTaskScaler",
        "metadata": {"name": "refused"},
        "spec": full,
    }

    with pytest.raises(CommandFailedError) as refused:
        crd.apply("default", manifest)

    assert message in str(refused.value)


def test_is_deleted_at_once_whether_there_is_an_operator_or_not(scaled: ScaledWorkers) -> None:
    scaled.workers(1)
    scaled.scaler(minReplicaCount=1)
    with scaled.operator():
        eventually(lambda: scaled.condition("Ready") == ("True", "Ready"))

    scaled.cluster.kubectl(
        "delete", "ets", "worker", "--namespace", scaled.namespace, "--timeout=5s", seconds=10
    )

    assert scaled.replicas() == 1


def test_kubectl_shows_the_decision(scaled: ScaledWorkers) -> None:
    scaled.workers(0)
    scaled.scaler(paused=True)
    scaled.engine.add("validate", 12)
    with scaled.operator():
        eventually(lambda: scaled.status().get("unlocked") == 12)

    wide = scaled.cluster.kubectl("get", "ets", "--namespace", scaled.namespace, "--output=wide")

    header, line = wide.splitlines()
    columns = "NAME TOPICS UNLOCKED LOCKED REPLICAS DESIRED REASON READY AGE DECISION"
    assert " ".join(header.split()) == columns
    assert line.split()[:7] == ["worker", "validate", "12", "0", "0", "3", "Paused"]
