"""The engine tells an autoscaler which topics have new tasks, and waits for it never."""

import json
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from external_task_operator.control.push import Outcome, PushServer
from external_tasks import TopicSubscription
from external_tasks.engine.client import EngineClient
from support.http_stub import HttpStub, http_stub
from support.lone_engine import Launch, LoneEngine
from support.models import external_task
from support.postgresql import engine_on, postgresql_server, slow_down
from support.waiting import eventually

TOKEN = "0123456789-secret-token"
ADMIN = {"ENGINE_ADMIN_PASSWORD": "admin-secret"}
STRANGE = 'say "hi" \\ ä 💡'


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def autoscaler() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


def topics(stub: HttpStub) -> list[str]:
    return [topic for request in list(stub.requests) for topic in request.json["topics"]]


def admin_of(engine: LoneEngine, *names: str) -> EngineClient:
    engine.wait_until_ready()
    admin = engine.client("admin", "admin-secret")
    files = {
        f"model{number}.bpmn": external_task(f"model{number}", name) for number, name in enumerate(names)
    }
    admin.deploy("models", files)
    return admin


def test_a_new_task_is_pushed_after_its_commit_and_many_of_a_topic_in_few_calls(
    launch: Launch, autoscaler: HttpStub, token: Path
) -> None:
    url = f"{autoscaler.url}/push"
    engine = launch(ENGINE_PUSH_URL=url, ENGINE_PUSH_TOKEN_FILE=str(token), **ADMIN)
    with closing(admin_of(engine, "one", "two")) as admin:
        admin.start("model0")
        eventually(lambda: topics(autoscaler) == ["one"])
        request = autoscaler.requests[0]
        assert (request.method, request.target) == ("POST", "/engine-rest/push")
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        begun = time.monotonic()
        for _ in range(50):
            admin.start("model1")
        eventually(lambda: "two" in topics(autoscaler))
        most = (time.monotonic() - begun) / 0.1 + 2
        assert topics(autoscaler).count("two") <= most
        assert TOKEN not in engine.log


def test_a_topic_is_pushed_unless_a_worker_waits_for_any_task_of_it(
    launch: Launch, autoscaler: HttpStub, token: Path
) -> None:
    engine = launch(
        ENGINE_PUSH_URL=f"{autoscaler.url}/push",
        ENGINE_PUSH_TOKEN_FILE=str(token),
        LOGGING_LEVEL_HOTEL_ENGINE_PUSH="debug",
        **ADMIN,
    )
    with closing(admin_of(engine, "waited", "filtered", "other")) as admin, ThreadPoolExecutor(3) as pool:
        any_task, some = TopicSubscription("waited"), TopicSubscription("filtered", business_key="another")
        polls = [
            pool.submit(admin.fetch_and_lock, worker, [topic], 1, wait_ms=60_000)
            for worker, topic in (("one", any_task), ("two", any_task), ("picky", some))
        ]
        eventually(lambda: engine.log.count("A fetch waits") == 3)

        # One of the two gets the task, and the other one waits on: nothing is left.
        admin.start("model0")
        eventually(lambda: sum(poll.done() for poll in polls) == 1)
        # A fetch of some tasks says nothing of the others.
        admin.start("model1")
        eventually(lambda: "filtered" in topics(autoscaler))
        assert "waited" not in topics(autoscaler)

        # The last one that waits gets this task, and nobody the one after.
        admin.start("model0")
        eventually(lambda: sum(poll.done() for poll in polls) == 2)
        admin.start("model0")
        eventually(lambda: "waited" in topics(autoscaler))
        admin.start("model1", business_key="another")
        eventually(lambda: all(poll.done() for poll in polls))


def test_a_topic_is_pushed_when_the_fetch_that_waited_for_it_is_served_late(
    launch: Launch, autoscaler: HttpStub, token: Path
) -> None:
    with postgresql_server() as url:
        engine = launch(
            ENGINE_PUSH_URL=f"{autoscaler.url}/push",
            ENGINE_PUSH_TOKEN_FILE=str(token),
            LOGGING_LEVEL_HOTEL_ENGINE_PUSH="debug",
            **engine_on(url),
            **ADMIN,
        )
        with closing(admin_of(engine, "late")) as admin, ThreadPoolExecutor(1) as pool:
            with psycopg.connect(f"{url}postgres", autocommit=True) as database:
                # A fetch locks a task by an update.
                slow_down(database, "UPDATE", "act_ru_ext_task", 0.5)
            poll = pool.submit(admin.fetch_and_lock, "one", [TopicSubscription("late")], 1, wait_ms=60_000)
            eventually(lambda: "A fetch waits" in engine.log)

            admin.start("model0")
            admin.start("model0")

            eventually(lambda: "late" in topics(autoscaler))
            assert len(poll.result()) == 1


def test_an_autoscaler_that_is_not_there_or_says_nothing_keeps_no_task_waiting(
    launch: Launch, token: Path
) -> None:
    url = "http://localhost:1/push"
    engine = launch(ENGINE_PUSH_URL=url, ENGINE_PUSH_TOKEN_FILE=str(token), **ADMIN)
    with closing(admin_of(engine, "one")) as admin:
        for _ in range(20):
            admin.start("model0")

        assert admin.count_external_tasks(topicName="one") == 20
        eventually(lambda: "fail" in engine.log)
        assert engine.log.count(f"Pushes to {url} fail") == 1
        assert TOKEN not in engine.log


def test_the_operators_own_endpoint_understands_every_topic(launch: Launch, token: Path) -> None:
    asked: list[str] = []
    outcomes: list[Outcome] = []

    def hurry(found: Collection[str]) -> int:
        asked.extend(found)
        return 1

    server = PushServer(0, token=lambda: TOKEN, hurry=hurry, count=outcomes.append, host="127.0.0.1")
    server.start()
    url = f"http://127.0.0.1:{server.port}/push"
    engine = launch(ENGINE_PUSH_URL=url, ENGINE_PUSH_TOKEN_FILE=str(token), **ADMIN)
    with closing(server), closing(admin_of(engine, "one")) as admin:
        named = external_task("strange", "TOPIC").replace(b"TOPIC", STRANGE.replace('"', "&quot;").encode())
        admin.deploy("strange", {"strange.bpmn": named})
        admin.start("strange")

        eventually(lambda: asked == [STRANGE])
        assert outcomes == [Outcome.ACCEPTED]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ENGINE_PUSH_URL": "operator:8091"}, "ENGINE_PUSH_URL: write a URL like"),
        ({"ENGINE_PUSH_URL": "http://user:secret@operator/push"}, "ENGINE_PUSH_URL: write a URL like"),
        ({"ENGINE_PUSH_URL": "http://operator/push"}, "ENGINE_PUSH_TOKEN_FILE: name the file"),
    ],
)
def test_settings_that_cannot_be_used_end_the_start_with_a_sentence(
    launch: Launch, settings: dict[str, str], said: str
) -> None:
    engine = launch(LOG_FORMAT="json", **settings, **ADMIN)

    assert engine.wait_for_exit() == 1
    assert said in json.loads(engine.log.splitlines()[-1])["message"]
    assert "secret" not in engine.log
