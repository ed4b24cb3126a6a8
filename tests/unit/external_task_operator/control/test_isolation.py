"""An error of one object shows in that object's status and event, and touches no other scaler."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from support.operator_world.world import NAMESPACE, Operator, World

SCALE = "/apis/apps/v1/namespaces/hotel/deployments/{}/scale"


def two_scalers(world: World, **engine: Any) -> Operator:
    for name in ("a", "b"):
        world.target(1, name)
        spec = {"engine": {"url": world.engine_url, **engine}} if engine else {}
        world.scaler(name, scaleTargetRef={"name": name}, **spec)
    world.engine.add("validate", 20)
    return world.operator()


@pytest.mark.parametrize("status", [400, 410, 418, 422, 429, 500, 503, 504])
@pytest.mark.parametrize(("method", "reason"), [("PUT", "FailedUpdateScale"), ("GET", "FailedGetScale")])
def test_a_scale_that_is_refused_is_said_and_the_others_go_on(
    world: World, status: int, method: str, reason: str
) -> None:
    """A policy, a webhook that denies or fails, or an object that cannot be decoded."""
    operator = two_scalers(world)
    world.api.refused[f"{method} {SCALE.format('a')}"] = status

    operator.poll(3)

    expected = "TargetMissing" if (status, method) == (410, "GET") else reason
    assert world.condition("AbleToScale", "a") == ("False", expected)
    assert world.condition("Ready", "a") == ("False", expected)
    assert world.status("a")["reason"] == expected
    assert ("Warning", expected) in world.events()
    assert (world.replicas("a"), world.replicas("b")) == (1, 4)
    assert world.condition("Ready", "b") == ("True", "Ready")


def test_a_webhook_that_hangs_for_one_object_delays_the_others_once(world: World) -> None:
    operator = two_scalers(world)
    original = operator.cluster.replace

    def replace(path: str, body: Any) -> Any:
        if path == SCALE.format("a"):
            world.now += 10
        return original(path, body)

    operator.cluster.replace = replace  # type: ignore[method-assign]
    operator.poll()

    assert {scaler.name: scaler.slow for scaler in operator.registry.all()} == {"a": True, "b": False}


SECRETS: dict[str, dict[str, Any]] = {
    "colon in the user's name": {"username": "a:b", "password": "x"},
    "line break in the user's name": {"username": "a\nb", "password": "x"},
    "empty user": {"username": "", "password": "x"},
    "line break in the password": {"username": "a", "password": "x\r\nHost: y"},
    "line break in the token": {"token": "a\r\nHost: y"},
    "token beyond Latin-1": {"token": "Ж"},
    "empty token": {"token": ""},
}


@pytest.mark.parametrize("what", SECRETS)
def test_credentials_that_cannot_be_used_are_said_without_showing_them(world: World, what: str) -> None:
    secret = {"name": "engine"} | ({"tokenKey": "token"} if "token" in SECRETS[what] else {})
    world.secret("engine", **SECRETS[what])
    operator = two_scalers(world, credentialsSecret=secret)

    operator.poll(2)

    for name in ("a", "b"):
        assert world.condition("Ready", name) == ("False", "CredentialsUnusable")
        assert "Secret engine: key" in world.status(name)["decision"]
        assert "Host" not in str(world.status(name))
    assert world.engine.requests == []
    assert operator.metric('external_task_scaler_polls_total{outcome="engine_failed"}')


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "CredentialsMissing"), (404, "CredentialsMissing"), (429, "CredentialsUnreadable")]
    + [(status, "CredentialsUnreadable") for status in (500, 503, 504)],
)
def test_a_secret_that_the_api_server_does_not_give_is_said_by_its_cause(
    world: World, status: int, reason: str
) -> None:
    world.secret("engine", username="scaler", password="secret")
    world.engine.user = ("scaler", "secret")
    operator = two_scalers(world, credentialsSecret={"name": "engine"})
    world.api.refused[f"GET {paths.secret(NAMESPACE, 'engine')}"] = status

    operator.poll()
    assert world.condition("Ready", "a") == ("False", reason)

    world.api.refused.clear()
    operator.poll()
    assert world.condition("Ready", "a") == ("True", "Ready")

    # The operator keeps the password that it has read while the API server fails.
    world.api.refused[f"GET {paths.secret(NAMESPACE, 'engine')}"] = 503
    operator.poll(20)
    assert world.condition("Ready", "a") == ("True", "Ready")


@pytest.mark.parametrize("data", [{"username": "%"}, {"username": 7}, {"username": None}])
def test_a_secret_that_is_not_base64_is_said(world: World, data: dict[str, Any]) -> None:
    world.api.put(paths.secret(NAMESPACE, "engine"), {"data": data})
    operator = two_scalers(world, credentialsSecret={"name": "engine"})

    operator.poll()

    assert world.condition("Ready", "a") == ("False", "CredentialsUnusable")


def test_certificates_that_are_none_are_said(world: World) -> None:
    world.api.put(paths.config_map(NAMESPACE, "ca"), {"data": {"ca.crt": "no certificate"}})
    https = world.engine_url.replace("http://", "https://")
    operator = two_scalers(world, url=https, ca={"configMapName": "ca"})

    operator.poll()

    assert world.condition("Ready", "a")[0] == "False"
    assert world.condition("Ready", "b")[0] == "False"


@pytest.mark.parametrize("where", ["client", "read", "doubt", "refuse", "get"])
def test_an_error_that_nobody_foresaw_is_said_in_every_scaler_that_meets_it(
    world: World, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it comes from: no batch ends silently."""
    operator = two_scalers(world, credentialsSecret={"name": "engine"})
    world.secret("engine", username="scaler", password="secret")
    world.engine.user = ("scaler", "secret")
    parts = operator.poller._parts
    owners = {"client": parts.engines, "doubt": parts.engines, "refuse": parts.competitors}
    owner = {**owners, "read": operator.poller, "get": parts.cluster}[where]
    name = "_read" if where == "read" else where
    original = getattr(owner, name)

    def broken(*arguments: object, **options: object) -> object:
        if where == "get" and "/scale" not in str(arguments[0]):
            return original(*arguments, **options)
        raise RuntimeError("secret")

    monkeypatch.setattr(owner, name, broken)
    operator.poll()

    for scaler in ("a", "b"):
        assert world.condition("Ready", scaler) == ("False", "InternalError")
        assert "RuntimeError" in world.status(scaler)["decision"]
        assert "secret" not in world.status(scaler)["decision"]
    monkeypatch.undo()
    operator.poll()
    assert (world.replicas("a"), world.replicas("b")) == (4, 4)
