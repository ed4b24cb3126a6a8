"""Objects that were stored without the CRD's checks: refused with a sentence, and no call is made."""

from typing import Any

import pytest
from external_task_operator.engine.allowed import AllowedEngines
from external_task_operator.kubernetes import paths
from support.operator_world.engine import StubEngine
from support.operator_world.world import NAMESPACE, World

FOREIGN_NAMES = [
    "../../victim/secrets/engine",
    "..",
    ".",
    "a/b",
    "a%2fb",
    "A",
    "a?x=1",
    "a#b",
    "a\n",
    "-a",
    "a" * 254,
]


def put_victim(world: World) -> None:
    world.api.put(
        "/api/v1/namespaces/victim/secrets/engine", {"data": {"username": "YQ==", "password": "Yg=="}}
    )
    world.api.put(
        "/apis/apps/v1/namespaces/victim/deployments/worker",
        {"spec": {"replicas": 3, "selector": {"matchLabels": {"app": "worker"}}}},
    )


@pytest.mark.parametrize("name", FOREIGN_NAMES)
@pytest.mark.parametrize("field", ["credentialsSecret", "configMapName", "secretName", "scaleTargetRef"])
def test_a_name_that_leads_elsewhere_is_refused_before_any_call(world: World, field: str, name: str) -> None:
    put_victim(world)
    world.target(2)
    engine: dict[str, Any] = {"url": world.engine_url}
    spec: dict[str, Any] = {"engine": engine}
    if field == "scaleTargetRef":
        spec["scaleTargetRef"] = {"name": name}
    elif field == "credentialsSecret":
        engine["credentialsSecret"] = {"name": name}
    else:
        engine["ca"] = {field: name}
    world.scaler(**spec)
    world.engine.add("validate", 50)
    operator = world.operator()

    operator.poll(2)

    assert world.engine.requests == []
    assert [r for r in world.api.requests if "victim" in r or "/secrets" in r or "/scale" in r] == []
    assert (world.replicas(), world.condition("Ready")) == (2, ("False", "InvalidSpec"))
    assert (
        "must be the name of an object" in world.status()["decision"]
        or "at most 253" in world.status()["decision"]
    )
    assert ("Warning", "InvalidSpec") in world.events()


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@engine/engine-rest",
        "http://user@engine/engine-rest",
        "http://engine/engine-rest?x=1",
        "http://engine/engine-rest#x",
        "http://engine/../engine-rest",
        "http://engine/engine-rest/..",
        "http://engine/%2e%2e/x",
        "http://engine /engine-rest",
        "http://engine/engine\trest",
        "http://engine/\nHost: x",
        "http://engine:0/",
        "http://engine:65536/",
        "http://engine:http/",
        "ftp://engine/",
        "file:///etc/passwd",
        "http://ëngine/",
        "http:///engine-rest",
        "http://",
        "",
    ],
)
def test_a_url_that_is_no_plain_http_url_is_refused(world: World, url: str) -> None:
    world.target(4)
    world.scaler(engine={"url": url})

    world.operator().poll()

    assert (world.replicas(), world.condition("Ready")) == (4, ("False", "InvalidSpec"))
    assert "spec.engine.url: " in world.status()["decision"]
    assert "Value error" not in world.status()["decision"]
    assert "secret" not in str(world.status()).replace("credentialsSecret", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://engine",
        "https://engine.hotel.svc:8443/engine-rest/",
        "http://10.0.0.1:8080/a_b/c-d~e.f",
        "http://[::1]:8080/engine-rest",
        "http://engine.example.com./engine-rest",
    ],
)
def test_a_plain_url_is_accepted(world: World, url: str) -> None:
    world.scaler(engine={"url": url})
    operator = world.operator()

    operator.watch()

    assert [scaler.invalid for scaler in operator.registry.all()] == [None]


@pytest.mark.parametrize("name", ["topics", "processDefinitionKeys"])
def test_texts_with_control_characters_are_refused(world: World, name: str) -> None:
    world.target(4)
    texts = ["valid\r\nate"]
    spec = {"topics": texts} if name == "topics" else {"engine": {"url": world.engine_url, name: texts}}
    world.scaler(**spec)

    world.operator().poll()

    assert world.condition("Ready") == ("False", "InvalidSpec")
    assert "must not contain control characters" in world.status()["decision"]
    assert world.engine.requests == []


@pytest.mark.parametrize(
    ("patterns", "url", "allowed"),
    [
        ((), "http://anything/", True),
        (("engine.example.com",), "https://ENGINE.example.com./x", True),
        (("engine.example.com",), "https://engine.example.com.evil.org/x", False),
        (("*.example.com",), "https://a.b.example.com/x", True),
        (("*.example.com",), "https://example.com/x", False),
        (("*.example.com",), "https://evilexample.com/x", False),
        (("*.hotel.svc",), "http://engine.hotel.svc:8080/x", True),
        (("*.hotel.svc",), "http://engine.hotel.svc.cluster.local:8080/x", True),
        (("*.hotel.svc",), "http://engine.other.svc:8080/x", False),
        (("*.{namespace}.svc",), "http://engine.hotel.svc:8080/x", True),
        (("*.{namespace}.svc",), "http://engine.other.svc:8080/x", False),
        (("10.0.0.1", "*.hotel.svc"), "http://10.0.0.1:8080/x", True),
        (("*.hotel.svc",), "http://10.0.0.1:8080/x", False),
    ],
)
def test_engines_are_restricted_to_hosts(patterns: tuple[str, ...], url: str, *, allowed: bool) -> None:
    assert AllowedEngines(patterns).allows(url, NAMESPACE) is allowed


def test_an_engine_that_is_not_allowed_is_never_called_and_no_secret_is_read(world: World) -> None:
    world.secret("engine", username="scaler", password="secret")
    world.target(2)
    world.scaler(engine={"url": world.engine_url, "credentialsSecret": {"name": "engine"}})
    world.engine.add("validate", 50)
    operator = world.operator(allowed=("*.hotel.svc",))

    operator.poll(2)

    assert world.engine.requests == []
    assert f"GET {paths.secret(NAMESPACE, 'engine')}" not in world.api.requests
    assert (world.replicas(), world.condition("Ready")) == (2, ("False", "EngineNotAllowed"))
    assert "OPERATOR_ALLOWED_ENGINES" in world.status()["decision"]


def test_a_redirect_leads_nobody_elsewhere_with_credentials(world: World) -> None:
    world.secret("engine", username="scaler", password="secret")
    world.target(2)
    elsewhere = StubEngine()
    with elsewhere.server() as server:
        world.engine.redirect = f"{server.url}/engine-rest/external-task/count"
        world.scaler(engine={"url": world.engine_url, "credentialsSecret": {"name": "engine"}})

        world.operator().poll(2)

    assert world.engine.requests
    assert elsewhere.requests == []
    assert (world.replicas(), world.condition("Ready")) == (2, ("False", "EngineAnswerUnusable"))
