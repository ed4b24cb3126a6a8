"""Logging in to an engine by an identity provider's token, and by a certificate."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from external_task_operator.errors import InvalidSpec
from external_task_operator.kubernetes import paths
from external_task_operator.spec import parse
from support.http_stub import Answer, HttpStub, http_stub
from support.operator_world.world import NAMESPACE, World

TOKEN = Answer(200, {"access_token": "t1", "token_type": "Bearer", "expires_in": 300})


@pytest.fixture
def provider() -> Iterator[HttpStub]:
    with http_stub() as provider:
        yield provider


def prepare(world: World, provider: HttpStub, **spec: Any) -> None:
    world.engine.token = "t1"
    world.secret("oauth2", **{"client-id": "scaler", "client-secret": "hidden"})
    world.target(1)
    oauth2 = {"tokenUrl": f"{provider.url}/token", "secretName": "oauth2", "scope": "tasks", **spec}
    world.scaler(engine={"url": world.engine_url, "oauth2": oauth2})
    world.engine.add("validate", 20)


def test_tokens_are_fetched_once_and_tasks_counted(world: World, provider: HttpStub) -> None:
    provider.answers.append(TOKEN)
    prepare(world, provider)

    world.operator().poll(3)

    assert world.replicas() > 1
    assert len(provider.requests) == 1
    assert b"scope=tasks" in provider.requests[0].body


def test_a_provider_that_gives_no_token_is_told_and_replicas_stay(world: World, provider: HttpStub) -> None:
    provider.answers.extend(Answer(401, {"error": "invalid_client"}) for _ in range(50))
    prepare(world, provider)

    world.operator().poll(3)

    assert (world.replicas(), world.condition("Ready")) == (1, ("False", "TokenUnavailable"))
    assert "hidden" not in str(world.status())


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"client-id": "scaler"}, "CredentialsMissing"),
        ({"client-id": "scaler", "client-secret": "a\nb"}, "CredentialsUnusable"),
        ({"client-id": "", "client-secret": "hidden"}, "CredentialsUnusable"),
    ],
)
def test_a_secret_that_cannot_be_used_is_told(
    world: World, provider: HttpStub, entries: dict[str, str], reason: str
) -> None:
    prepare(world, provider)
    world.secret("oauth2", **entries)

    world.operator().poll(2)

    assert (world.replicas(), world.condition("Ready")) == (1, ("False", reason))
    assert provider.requests == []
    assert "hidden" not in str(world.status())


def test_a_new_secret_is_used_within_a_minute(world: World, provider: HttpStub) -> None:
    provider.answers.extend([Answer(401, {"error": "invalid_client"})] * 50)
    prepare(world, provider)
    operator = world.operator()
    operator.poll(2)
    provider.answers.clear()
    provider.answers.append(TOKEN)

    world.secret("oauth2", **{"client-id": "scaler", "client-secret": "better"})
    operator.poll(15)

    assert world.condition("Ready")[0] == "True"
    assert world.replicas() > 1


def test_a_provider_that_is_not_allowed_is_never_called(world: World, provider: HttpStub) -> None:
    prepare(world, provider, tokenUrl="http://login.elsewhere.example.com/token")

    world.operator(allowed=("127.0.0.1", "localhost")).poll(2)

    assert world.engine.requests == []
    assert f"GET {paths.secret(NAMESPACE, 'oauth2')}" not in world.api.requests
    assert world.condition("Ready") == ("False", "EngineNotAllowed")
    assert "spec.engine.oauth2.tokenUrl" in world.status()["decision"]


@pytest.mark.parametrize(
    ("engine", "problem"),
    [
        ({"oauth2": {"tokenUrl": "https://user:pw@login/token", "secretName": "a"}}, "must look like"),
        ({"oauth2": {"tokenUrl": "https://login/../token", "secretName": "a"}}, "path segments"),
        ({"oauth2": {"tokenUrl": "https://login/token", "secretName": "../x"}}, "name of an object"),
        ({"oauth2": {"tokenUrl": "https://login/token"}}, "secretName"),
        (
            {
                "oauth2": {"tokenUrl": "https://login/token", "secretName": "a"},
                "credentialsSecret": {"name": "b"},
            },
            "takes one of credentialsSecret and oauth2",
        ),
        ({"clientCertificate": {"secretName": ".."}}, "name of an object"),
    ],
)
def test_what_cannot_be_a_login_is_refused(engine: dict[str, Any], problem: str) -> None:
    spec = {
        "scaleTargetRef": {"name": "worker"},
        "engine": {"url": "http://engine:8080/engine-rest", **engine},
        "topics": ["validate"],
    }

    with pytest.raises(InvalidSpec, match=problem):
        parse({"metadata": {"name": "worker", "namespace": "hotel"}, "spec": spec})


def test_an_engine_that_asks_for_a_certificate_gets_it(world: World) -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("localhost"), authority.issue_cert("operator@example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    world.secret("ca", **{"ca.crt": authority.cert_pem.bytes().decode()})
    world.secret(
        "certificate",
        **{
            "tls.crt": client.cert_chain_pems[0].bytes().decode(),
            "tls.key": client.private_key_pem.bytes().decode(),
        },
    )
    world.target(1)

    with http_stub(tls=context) as engine:
        engine.answers.extend([Answer(200, {"count": 0})] * 200)
        url = engine.url.replace("127.0.0.1", "localhost") + "/engine-rest"
        world.scaler(
            engine={
                "url": url,
                "clientCertificate": {"secretName": "certificate"},
                "ca": {"secretName": "ca"},
            }
        )
        world.operator().poll(2)

        assert engine.requests, world.status()


@pytest.mark.parametrize("entries", [{"tls.crt": "x"}, {"tls.crt": "x", "tls.key": "y"}])
def test_a_certificate_that_cannot_be_used_is_told(world: World, entries: dict[str, str]) -> None:
    world.secret("certificate", **entries)
    world.target(1)
    world.scaler(engine={"url": world.engine_url, "clientCertificate": {"secretName": "certificate"}})

    world.operator().poll(2)

    assert world.engine.requests == []
    assert world.condition("Ready")[1] in {"CredentialsMissing", "CredentialsUnusable"}
    assert "Secret certificate" in world.status()["decision"]
