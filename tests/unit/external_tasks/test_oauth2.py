"""Tokens from an identity provider, which is a real server here."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from external_tasks import CredentialsUnavailable, EngineClient, EngineUnauthorized, OAuth2ClientCredentials
from support.hand_clock import HandClock
from support.http_stub import Answer, HttpStub, http_stub

SECRET = "s3cret/+"


@pytest.fixture
def provider() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.fixture
def stub() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def token(text: str, seconds: Any = 300, **more: Any) -> Answer:
    return Answer(body={"access_token": text, "token_type": "Bearer", "expires_in": seconds, **more})


def credentials(provider: HttpStub, clock: HandClock, **settings: Any) -> OAuth2ClientCredentials:
    return OAuth2ClientCredentials(f"{provider.url}/token", "worker", SECRET, clock=clock, **settings)


def test_the_request_has_the_form_of_the_standard(provider: HttpStub, clock: HandClock) -> None:
    provider.answer(token("one"), token("two"))
    first = credentials(provider, clock, scope=["read", "write"], audience="engine", parameters={"a": "b"})
    second = credentials(provider, clock, send_secret="body")
    assert (first.authorization(), second.authorization()) == ("Bearer one", "Bearer two")

    header, body = provider.requests
    assert header.headers["Authorization"] == "Basic " + b64encode(b"worker:s3cret%2F%2B").decode()
    assert parse_qs(header.body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["read write"], "audience": ["engine"], "a": ["b"],
    }  # fmt: skip
    assert "Authorization" not in body.headers
    assert parse_qs(body.body.decode())["client_secret"] == [SECRET]


def test_a_token_is_kept_and_replaced_before_it_ends(provider: HttpStub, clock: HandClock) -> None:
    auth = credentials(provider, clock)
    provider.answer(token("one", 300), token("two", "300"))
    clock.advance(1)
    assert [auth.authorization() for _ in range(3)] == ["Bearer one"] * 3
    clock.advance(241)
    assert auth.authorization() == "Bearer two"
    assert len(provider.requests) == 2


def test_a_token_that_lives_serves_while_the_provider_does_not(provider: HttpStub, clock: HandClock) -> None:
    auth = credentials(provider, clock)
    provider.answer(token("one", 300), Answer(503), Answer(503), token("two"))
    auth.authorization()
    clock.advance(250)
    assert [auth.authorization(), auth.authorization()] == ["Bearer one"] * 2
    assert len(provider.requests) == 2
    clock.advance(51)
    with pytest.raises(CredentialsUnavailable, match="answered 503"):
        auth.authorization()
    with pytest.raises(CredentialsUnavailable, match="answered 503") as error:
        auth.authorization()
    assert 0 < (error.value.retry_after or 0) <= 1
    assert len(provider.requests) == 3
    clock.advance(2)
    assert auth.authorization() == "Bearer two"


def test_a_token_whose_type_is_null_is_a_bearer_token(provider: HttpStub, clock: HandClock) -> None:
    provider.answer(token("one", token_type=None))

    assert credentials(provider, clock).authorization() == "Bearer one"


def test_one_thread_fetches_for_all(provider: HttpStub, clock: HandClock) -> None:
    auth, held = credentials(provider, clock), threading.Event()
    answer = token("one")
    provider.answer(Answer(body=answer.body, delay=held))
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(auth.authorization) for _ in range(8)]
        held.set()
        assert {future.result() for future in found} == {"Bearer one"}
    assert len(provider.requests) == 1


def test_a_token_that_the_engine_refuses_is_replaced_once(
    provider: HttpStub, stub: HttpStub, clock: HandClock
) -> None:
    auth = credentials(provider, clock)
    provider.answer(token("one"), token("two"))
    stub.answer(Answer(401), Answer(body={"count": 4}), Answer(401))
    with EngineClient(stub.url, auth=auth) as client:
        assert client.count_external_tasks() == 4
        with pytest.raises(EngineUnauthorized):
            client.count_external_tasks()
    assert [request.headers["Authorization"] for request in stub.requests] == [
        "Bearer one", "Bearer two", "Bearer two",
    ]  # fmt: skip
    assert len(provider.requests) == 2


def test_a_provider_that_cannot_be_reached_is_an_outage(clock: HandClock) -> None:
    auth = OAuth2ClientCredentials("http://127.0.0.1:9/token", "worker", SECRET, clock=clock)
    with (
        EngineClient("http://127.0.0.1:9/engine-rest", auth=auth) as client,
        pytest.raises(CredentialsUnavailable, match="gave no token") as error,
    ):
        client.get("/engine")
    assert SECRET not in f"{error.value!r} {error.value.__cause__!r} {auth!r}"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(body=b"<html>"), "without an access_token"),
        (Answer(204), "answered 204"),
        (Answer(body=[]), "without an access_token"),
        (Answer(body={"access_token": 5}), "without an access_token"),
        (token("a\r\nX-Evil: 1"), "without an access_token"),
        (token("a b"), "without an access_token"),
        (token(" a"), "without an access_token"),
        (token("a", token_type="mac"), "no bearer token"),
        (token("a", 0), "expires_in"),
        (token("a", -5), "expires_in"),
        (token("a", True), "expires_in"),
        (token("a", "soon"), "expires_in"),
        (token("a", padding="x" * 300_000), "gave no token"),
        (Answer(401, {"error": "invalid_client", "error_description": SECRET}), "invalid_client: check"),
        (Answer(400, {"error": SECRET * 9}), "answered 400: check"),
        (Answer(302, headers={"Location": "http://127.0.0.1:9/"}), "a redirect"),
        (Answer(hang_up=True), "gave no token"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(
    provider: HttpStub, clock: HandClock, answer: Answer, message: str
) -> None:
    provider.answer(answer, answer)
    with pytest.raises(CredentialsUnavailable, match=message) as error:
        credentials(provider, clock).authorization()
    assert SECRET not in f"{error.value} {error.value.__cause__!r}"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("token_url", "provider/token"),
        ("token_url", "http://user:pw@provider/token"),
        ("client_id", ""),
        ("client_secret", ""),
        ("client_secret", 5),
        ("scope", 5),
        ("scope", ""),
        ("audience", ""),
        ("parameters", {"scope": 5}),
        ("parameters", {"client_secret": "x"}),
        ("send_secret", "query"),
        ("timeout", 0),
        ("proxy", "proxy:3128"),
        ("ca_file", "/nowhere/ca.pem"),
    ],
)
def test_what_cannot_be_used_is_refused(argument: str, value: Any) -> None:
    settings = {"token_url": "http://provider/token", "client_id": "worker", "client_secret": SECRET}
    with pytest.raises(ValueError, match=argument) as error:
        OAuth2ClientCredentials(**{**settings, argument: value})
    assert SECRET not in str(error.value)
