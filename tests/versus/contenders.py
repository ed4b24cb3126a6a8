"""Who scales: this operator, and KEDA at its defaults and tuned as well as one can."""

from collections.abc import Mapping
from typing import Any

from versus.crew import NAME, PROCESS, SLOTS, TOPIC, Engine

MAXIMUM = 8
Manifest = dict[str, Any]


def operator(engine: Engine) -> list[Manifest]:
    """This operator at its defaults."""
    return _operator(engine)


def operator_with_cordons(engine: Engine) -> list[Manifest]:
    """This operator as hotel's chart sets it: before a scale-in it tells pods to fetch nothing more."""
    return _operator(engine, cordonSeconds=30)


def operator_tuned(engine: Engine) -> list[Manifest]:
    """This operator with cordons, and half as long a wait before a scale-in and for the last pod."""
    window = {"scaleDown": {"stabilizationWindowSeconds": 30}}
    return _operator(engine, cordonSeconds=30, cooldownPeriod=30, behavior=window)


def _operator(engine: Engine, **more: Any) -> list[Manifest]:
    spec = {
        "scaleTargetRef": {"name": NAME},
        "engine": {
            "url": engine.url,
            "credentialsSecret": {"name": engine.secret},
            "processDefinitionKeys": [PROCESS],
        },
        "topics": [TOPIC],
        "minReplicaCount": 0,
        "maxReplicaCount": MAXIMUM,
        "target": {"tasksPerReplica": SLOTS},
        **more,
    }
    return [_manifest("hotel.example.com/v1alpha1", "ExternalTaskScaler", spec)]


def keda(engine: Engine) -> list[Manifest]:
    """KEDA with its defaults: the tasks that wait are counted, and nothing else is set."""
    return _keda(engine, in_work=False)


def keda_tuned(engine: Engine) -> list[Manifest]:
    """KEDA with tasks in work counted too, polls every 5 s, and windows of 60 s as this operator has them."""
    behavior = {
        "scaleUp": {"policies": [{"type": "Percent", "value": 900, "periodSeconds": 15}]},
        "scaleDown": {"stabilizationWindowSeconds": 60},
    }
    return _keda(
        engine,
        in_work=True,
        pollingInterval=5,
        cooldownPeriod=60,
        advanced={"horizontalPodAutoscalerConfig": {"behavior": behavior}},
    )


CONTENDERS: Mapping[str, Any] = {
    "this operator": operator,
    "this operator, cordons": operator_with_cordons,
    "this operator, tuned": operator_tuned,
    "KEDA": keda,
    "KEDA, tuned": keda_tuned,
}
"""By the names that the table has."""


def _keda(engine: Engine, *, in_work: bool, **spec: Any) -> list[Manifest]:
    query = f"topicName={TOPIC}&withRetriesLeft=true&active=true" + ("" if in_work else "&notLocked=true")
    trigger = {
        "type": "metrics-api",
        "metadata": {
            "url": f"{engine.url}/external-task/count?{query}",
            "valueLocation": "count",
            "targetValue": str(SLOTS),
            "authMode": "basic",
        },
        "authenticationRef": {"name": NAME},
    }
    secrets = [
        {"parameter": parameter, "name": engine.secret, "key": parameter}
        for parameter in ("username", "password")
    ]
    scaled = {
        "scaleTargetRef": {"name": NAME},
        "minReplicaCount": 0,
        "maxReplicaCount": MAXIMUM,
        "triggers": [trigger],
        **spec,
    }
    return [
        _manifest("keda.sh/v1alpha1", "TriggerAuthentication", {"secretTargetRef": secrets}),
        _manifest("keda.sh/v1alpha1", "ScaledObject", scaled),
    ]


def _manifest(version: str, kind: str, spec: Manifest) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, "spec": spec}
