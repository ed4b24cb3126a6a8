"""Values that cannot work are refused before anything is installed, with what to do about it."""

from typing import Any

import pytest
from support.charts import ChartRefusedError, Render

TOPICS = ["validate-input", "search-client", "create-client", "check-room-availability", "block-room"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"engin": {}}, "'engin' not allowed"),
        ({"engine.replica": 2}, "'replica' not allowed"),
        ({"engine.replicas": "two"}, "at '/engine/replicas': got string, want"),
        ({"services.booking": {"replcas": 2}}, "'replcas' not allowed"),
        ({"services.booking": {"holdSeconds": 5}}, "'holdSeconds' not allowed"),
        ({"worker.pools.default.topic": "block-room"}, "'topic' not allowed"),
        ({"worker.pools": {"Night_Shift": {"topics": ["block-room"]}}}, "invalid propertyName 'Night_Shift'"),
        ({"worker.defaults.drainSeconds": -1}, "/worker/defaults/drainSeconds"),
        ({"services.room.autoscaling": {"minReplicas": 0}}, "/services/room/autoscaling/minReplicas"),
        ({"worker.externalOperator.name": "scaler"}, "'name' not allowed"),
        ({"postgresql.persistence.size": "a lot"}, "/postgresql/persistence/size"),
        ({"databases.engine.name": "drop table"}, "/databases/engine/name"),
        ({"engine.image.digest": "sha256:short"}, "/engine/image/digest"),
        ({"engine.external": {"enabled": True, "url": "ftp://engine"}}, "/engine/external/url"),
        ({"engine.external": {"enabled": True, "url": "https://user:secret@engine"}}, "/engine/external/url"),
        ({"externalDatabase.sslMode": "maybe"}, "/externalDatabase/sslMode"),
        ({"networkPolicy.ingressFrom": [{"namespace": "x"}]}, "'namespace' not allowed"),
        ({"operator": {"imag": {}}}, "'imag' not allowed"),
        ({"deploy.files": {"process.xml": "<x/>"}}, "process.xml"),
    ],
    ids=str,
)
def test_mistyped_values_are_refused_by_the_schema(
    render: Render, values: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ChartRefusedError) as refused:
        render(values)

    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        ({"worker.pools.night": {"slots": 4}}, "worker.pools.night.topics"),
        ({"worker.pools.night": {"topics": ["block-room"]}}, "worker.allowSharedTopics=true"),
        ({"worker.pools.night": {"topics": ["block-rooms"]}}, "worker.extraTopics"),
        ({"worker.pools.default": {"topics": TOPICS}}, "add them to the topics of one of worker.pools"),
        ({"worker.pools": {"default": None}}, "no pool serves"),
        (
            {"worker.defaults.autoscaling": {"enabled": True, "minReplicaCount": 20, "maxReplicaCount": 5}},
            "minReplicaCount above",
        ),
        ({"worker.externalOperator.enabled": True}, "set operator.enabled=false"),
        (
            {"services.room.autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 2}},
            "minReplicas above",
        ),
        ({"services.defaults.autoscaling": {"enabled": True, "maxReplicas": 20}}, "max_connections"),
        ({"engine.external": {"enabled": True}}, "set engine.external.url"),
        (
            {"engine.external": {"url": "https://engine.example.com"}},
            "engine.external.enabled: set it to true",
        ),
        (
            {"engine.external": {"enabled": True, "url": "https://e.example.com"}},
            "engine.auth.worker.existingSecret=NAME",
        ),
        (
            {
                "engine.external": {"enabled": True, "url": "https://e.example.com:9443"},
                "operator.networkPolicy.enginesTo": [{"ipBlock": {"cidr": "192.0.2.1/32"}}],
            },
            "set operator.networkPolicy.enginePorts=[9443]",
        ),
        ({"postgresql.enabled": False}, "set postgresql.enabled=true, or externalDatabase.host"),
        ({"externalDatabase.host": "db.example.com"}, "set postgresql.enabled=false"),
        (
            {"postgresql.enabled": False, "externalDatabase.host": "db"},
            "databases.engine.existingSecret=NAME",
        ),
        (
            {"postgresql.enabled": False, "externalDatabase": {"host": "db", "sslMode": "verify-ca"}},
            "set externalDatabase.caSecret=NAME",
        ),
        ({"databases.room.name": "booking"}, "each needs a database of its own"),
        ({"services.defaults.replicas": 20}, "max_connections"),
        ({"ingress.enabled": True}, "set ingress.engineHost"),
        (
            {"ingress": {"enabled": True, "engineHost": "a.example.com", "servicesHost": "a.example.com"}},
            "a host of its own",
        ),
        ({"httpRoute": {"enabled": True, "engineHost": "a.example.com"}}, "set httpRoute.parentRefs"),
        ({"deploy": {"files": {"a.bpmn": "<x/>"}, "existingConfigMap": "b"}}, "set one of them"),
    ],
    ids=str,
)
def test_combinations_that_cannot_work_are_refused_with_a_remedy(
    render: Render, values: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ChartRefusedError) as refused:
        render(values)

    assert remedy in str(refused.value)


def test_all_that_is_wrong_is_said_at_once(render: Render) -> None:
    with pytest.raises(ChartRefusedError) as refused:
        render({"engine.external": {"enabled": True}, "ingress.enabled": True})

    assert "engine.external.url" in str(refused.value)
    assert "ingress.engineHost" in str(refused.value)


def test_the_refused_combinations_have_ways_out(render: Render) -> None:
    render({"worker.pools.night": {"topics": ["block-room"]}, "worker.allowSharedTopics": True})
    render({"worker.pools.bills": {"topics": ["send-bill"]}, "worker.extraTopics": ["send-bill"]})
    logins = {
        f"engine.auth.{role}.existingSecret": "l" for role in ("deployer", "worker", "scaler", "client")
    }
    engine = {"engine.external": {"enabled": True, "url": "https://e.example.com:9443"}, **logins}
    render({**engine, "operator.networkPolicy.enginePorts": [9443]})
    render({**engine, "operator.networkPolicy.enabled": False})
    render({"services.defaults.replicas": 20, "postgresql.parameters.max_connections": 1000})
