"""Several engines on one PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from external_tasks.engine.model import TopicSubscription
from support.lone_engine import Launch
from support.models import external_task
from support.postgresql import engine_on, postgresql_server

PASSWORD = "replica-secret"


@pytest.fixture(scope="module")
def database() -> Iterator[dict[str, str]]:
    with postgresql_server() as url:
        yield engine_on(url)


@pytest.mark.timeout(600)
def test_replicas_that_start_at_once_share_an_empty_database(
    launch: Launch, tmp_path: Path, database: dict[str, str]
) -> None:
    engines = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        engines.append(
            launch(
                folder,
                ENGINE_ADMIN_PASSWORD=PASSWORD,
                ENGINE_WORKER_PASSWORD=PASSWORD,
                ENGINE_PROCESS_DEFINITIONS="*",
                **database,
            )
        )
    for engine in engines:
        engine.wait_until_ready()

    one, two = engines
    with one.client("admin", PASSWORD) as admin, two.client("worker", PASSWORD) as worker:
        admin.deploy("shared", {"shared.bpmn": external_task("shared", "shared")})
        for _ in range(20):
            admin.start("shared")
        with one.client("worker", PASSWORD) as other, ThreadPoolExecutor() as pool:
            topic = [TopicSubscription("shared")]
            fetched = list(
                pool.map(
                    lambda number: (other if number % 2 else worker).fetch_and_lock(f"w{number}", topic, 5),
                    range(12),
                )
            )
        ids = [task.id for tasks in fetched for task in tasks]

    assert len(ids) == len(set(ids)), "no task is locked twice"
    assert ids
