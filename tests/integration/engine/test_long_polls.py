"""Fetches that wait for tasks."""

import base64
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from external_tasks.engine.model import TopicSubscription
from external_tasks.errors import EngineOverloaded
from support.models import external_task, unique
from support.stacks import Engine

LOCK_MS = 60_000


def deploy(engine: Engine) -> str:
    key = unique("poll")
    engine.client("deployer").deploy(key, {"poll.bpmn": external_task(key, key)})
    return key


def poll_and_hang_up(engine: Engine, worker_id: str, topic: str) -> None:
    """Send a fetch that waits for half a minute, and close the connection."""
    user, password = engine.credentials["worker"]
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    body = json.dumps(
        {
            "workerId": worker_id,
            "maxTasks": 1,
            "asyncResponseTimeout": 30_000,
            "topics": [{"topicName": topic, "lockDuration": LOCK_MS}],
        }
    )
    url = urlsplit(engine.url)
    head = (
        f"POST {url.path}/external-task/fetchAndLock HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((url.hostname or "", url.port or 80), timeout=60) as connection:
        connection.sendall((head + body).encode())


def test_a_new_task_wakes_a_waiting_fetch(engine: Engine) -> None:
    topic = deploy(engine)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            engine.client("worker").fetch_and_lock, "w", [TopicSubscription(topic)], 1, wait_ms=30_000
        )
        instance = engine.client("client").start(topic)

        assert [task.process_instance_id for task in waiting.result(60)] == [instance]


def test_a_worker_that_polls_anew_takes_the_place_of_its_lost_poll(engine: Engine) -> None:
    """A closed connection does not end a fetch in the engine: it would lock the next task for nobody."""
    topic = deploy(engine)
    worker = engine.client("worker")
    poll_and_hang_up(engine, topic, topic)

    # Whichever of the two the engine heard of last stays, and pushes the other out.
    with suppress(EngineOverloaded):
        assert worker.fetch_and_lock(topic, [TopicSubscription(topic)], 1, wait_ms=1_000) == []
    assert worker.fetch_and_lock(topic, [TopicSubscription(topic)], 1, wait_ms=1_000) == []
    engine.client("client").start(topic)

    assert len(worker.fetch_and_lock(topic, [TopicSubscription(topic)], 1)) == 1
