"""A push makes the scalers of its topics be polled at once, and only for a caller that has the token."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from external_task_operator.control import push as push_module
from external_task_operator.control.push import PATH, Outcome, PushServer
from external_task_operator.settings import OperatorSettings, SettingsError
from hotel.ports import free_port
from support.operator_process import operator_process, write_kubeconfig
from support.operator_world.world import NAMESPACE, Operator, World, wait_for
from support.waiting import eventually

TOKEN = "0123456789-secret-token"


class Push:
    """A push server whose scalers are a number, and what it was asked for."""

    def __init__(self, token: Path) -> None:
        settings = OperatorSettings(operator_push_token_file=token)
        self.asked: list[list[str]] = []
        self.outcomes: list[Outcome] = []
        self.server = PushServer(
            0, token=settings.push_token, hurry=self._hurry, count=self.outcomes.append, host="127.0.0.1"
        )

    def _hurry(self, topics: Any) -> int:
        self.asked.append(list(topics))
        return 3

    def post(
        self, body: str | bytes, *, token: str = TOKEN, path: str = PATH, method: str = "POST"
    ) -> tuple[int, Any]:
        return send(self.server.port, body, token=token, path=path, method=method)


def send(
    port: int, body: str | bytes, *, token: str = TOKEN, path: str = PATH, method: str = "POST"
) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if answer.headers[
            "Content-Type"
        ] == "application/json" else None
    finally:
        connection.close()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    return file


@pytest.fixture
def push(token: Path) -> Iterator[Push]:
    push = Push(token)
    push.server.start()
    yield push
    push.server.close()


def test_topics_are_passed_on_once_each(push: Push) -> None:
    assert push.post('{"topics": ["b", "a", "b"]}') == (202, {"scalers": 3})
    assert (push.asked, push.outcomes) == ([["b", "a"]], [Outcome.ACCEPTED])


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], f"{TOKEN}x", "ä"])
def test_without_the_token_nothing_is_done(push: Push, wrong: str) -> None:
    status, _ = push.post('{"topics": ["a"]}', token=wrong)

    assert (status, push.asked, push.outcomes) == (401, [], [Outcome.UNAUTHORIZED])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"topics": "a"}',
        '{"topics": []}',
        '{"topics": [1]}',
        '{"topics": [""]}',
        json.dumps({"topics": ["a" * 256]}),
        json.dumps({"topics": [str(n) for n in range(51)]}),
        "[" * 10_000,
        b"\xff\xfe",
    ],
)
def test_what_names_no_topics_is_refused_by_a_sentence(push: Push, body: str | bytes) -> None:
    status, answer = push.post(body)

    assert (status, push.asked, push.outcomes) == (400, [], [Outcome.REFUSED])
    assert 'send {"topics": ["NAME"' in answer["message"]


def test_a_large_body_is_not_read(push: Push) -> None:
    assert push.post(" " * 20_000)[0] == 413


def test_other_paths_and_methods_are_not_served(push: Push) -> None:
    assert push.post('{"topics": ["a"]}', path="/")[0] == 404
    assert push.post("", method="GET")[0] == 501
    assert push.asked == []


def test_another_token_counts_as_soon_as_the_file_has_it(push: Push, token: Path) -> None:
    token.write_text("another-token-0123456789", encoding="utf-8")

    assert push.post('{"topics": ["a"]}')[0] == 401
    assert push.post('{"topics": ["a"]}', token="another-token-0123456789")[0] == 202
    token.unlink()
    assert push.post('{"topics": ["a"]}')[0] == 503
    assert push.outcomes[-1] == Outcome.FAILED


def test_connections_that_say_nothing_keep_no_push_away(push: Push) -> None:
    silent = [socket.create_connection(("127.0.0.1", push.server.port)) for _ in range(100)]
    try:
        wait_for(lambda: push.outcomes.count(Outcome.BUSY) == 68)
        for _ in range(40):
            assert push.post('{"topics": ["a"]}')[0] == 202
    finally:
        for connection in silent:
            connection.close()


def test_a_push_that_drips_has_an_end(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module._Handler, "seconds", 0.5)
    with socket.create_connection(("127.0.0.1", push.server.port)) as connection:
        connection.settimeout(0.05)
        head = f"POST {PATH} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10000\r\n\r\n"
        connection.sendall(head.encode())
        started, answer = time.monotonic(), b""
        while not answer:
            # A byte well within any limit of a single read.
            with suppress(TimeoutError):
                answer = connection.recv(1000) or b"closed"
            with suppress(OSError):
                connection.sendall(b" ")
            assert time.monotonic() - started < 30

    assert push.asked == []


@pytest.mark.parametrize("text", ["", "short", "has spaces in the token", "\x00" * 20, "a" * 1025])
def test_a_token_that_is_none_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"OPERATOR_PUSH_TOKEN_FILE: .* must hold a token"):
        OperatorSettings(operator_namespaces=("x",), operator_push_token_file=file).check()
    with pytest.raises(SettingsError, match="OPERATOR_PUSH_TOKEN_FILE"):
        OperatorSettings(operator_namespaces=("x",), operator_push_token_file=tmp_path / "missing").check()


def tick(world: World, operator: Operator) -> int:
    """Poll what is due now; returns how often the engine was asked for counts."""
    before = len(world.engine.requests)
    operator.poller.tick()
    wait_for(lambda: not any(scaler.polling for scaler in operator.registry.all()))
    return len(world.engine.requests) - before


@pytest.fixture
def operator(world: World) -> Operator:
    world.target(0)
    world.scaler(pollingInterval=300)
    operator = world.operator()
    operator.poll()
    return operator


def test_a_push_leads_to_replicas_without_waiting_for_the_interval(world: World, operator: Operator) -> None:
    world.now += 2
    world.engine.add("validate", 34)
    assert (tick(world, operator), world.replicas()) == (0, 0)

    assert operator.registry.hurry(["validate", "unknown"]) == 1
    tick(world, operator)

    assert world.replicas() == 7


def test_pushes_are_followed_at_most_once_a_second_and_none_is_lost(world: World, operator: Operator) -> None:
    operator.registry.hurry(["validate"])
    looks = [tick(world, operator) > 0]
    for _ in range(10):
        operator.registry.hurry(["validate"])
        looks.append(tick(world, operator) > 0)
    world.now += 1
    looks.append(tick(world, operator) > 0)
    world.now += 1
    looks.append(tick(world, operator) > 0)

    assert looks == [True, *[False] * 10, True, False]


def test_a_push_during_a_poll_is_followed_by_another(world: World, operator: Operator) -> None:
    (scaler,) = operator.registry.all()
    scaler.polling = True
    operator.registry.hurry(["validate"])
    operator.registry.reschedule(scaler, world.now)

    assert tick(world, operator) > 0
    assert scaler.due > world.now + 1


def test_the_process_follows_pushes(world: World, tmp_path: Path, token: Path) -> None:
    kubeconfig, port = write_kubeconfig(tmp_path / "kubeconfig", world.api_url, "stub"), free_port()
    settings = {
        "OPERATOR_NAMESPACES": NAMESPACE,
        "OPERATOR_PUSH_TOKEN_FILE": str(token),
        "OPERATOR_PUSH_PORT": str(port),
    }
    world.target(0)
    world.scaler(pollingInterval=3600)
    with operator_process(kubeconfig, tmp_path / "log", **settings) as process:
        eventually(lambda: world.status().get("replicas") == 0)
        world.engine.add("validate", 34)
        started = time.monotonic()

        assert send(port, '{"topics": ["validate"]}') == (202, {"scalers": 1})

        eventually(lambda: world.replicas() == 7)
        assert time.monotonic() - started < 60  # an hour is the interval
        assert 'pushes_total{outcome="accepted"} 1.0' in process.page("/metrics")[1]
        assert process.terminate() == 0
