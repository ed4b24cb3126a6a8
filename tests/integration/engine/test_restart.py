from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from external_tasks.engine.model import TopicSubscription
from external_tasks.errors import EngineOverloaded, EngineUnreachable
from support.models import external_task, unique
from support.stacks import Engine

MOST_FETCHES = 20


def begin(engine: Engine) -> tuple[str, str]:
    key = unique("restart")
    engine.client("deployer").deploy(key, {"restart.bpmn": external_task(key, key)})
    return key, engine.client("client").start(key, {"room": "101"}, business_key=key)


def finish(engine: Engine, key: str, instance: str) -> None:
    worker = engine.client("worker")
    task = worker.fetch_and_lock("w", [TopicSubscription(key)], 1)[0]
    worker.complete(task.id, "w", {"done": True})

    assert task.variables["room"]["value"] == "101"
    assert engine.client("client").get(f"/history/process-instance/{instance}")["state"] == "COMPLETED"


def waiting_fetches(engine: Engine, pool: ThreadPoolExecutor) -> set[Future[Any]]:
    """Return fetches of which one, at least, waits in the engine.

    A worker's fetch ends the one of the same worker that waits already: once one has ended, another waits.
    Two that come at the same moment may both wait until a third comes.
    """
    idle = [TopicSubscription(unique("idle"))]
    fetch = engine.client("worker").fetch_and_lock
    sent: list[Future[Any]] = []
    while not any(future.done() for future in sent):
        assert len(sent) < MOST_FETCHES, "no fetch ends the one before it"
        sent.append(pool.submit(fetch, "idle", idle, 1, wait_ms=600_000))
        wait(sent, timeout=2, return_when=FIRST_COMPLETED)
    return {future for future in sent if not future.done()}


def test_what_was_running_goes_on_after_a_restart(engine: Engine) -> None:
    key, instance = begin(engine)

    with ThreadPoolExecutor(MOST_FETCHES) as pool:
        waiting = waiting_fetches(engine, pool)
        engine.restart()
        errors = [future.exception(timeout=0) for future in waiting]

    ended = [isinstance(error, EngineOverloaded | EngineUnreachable) for error in errors]
    assert any(ended), f"a waiting fetch does not hold it up: {errors}"
    finish(engine, key, instance)


def test_what_was_answered_survives_a_crash(engine: Engine) -> None:
    key, instance = begin(engine)

    engine.kill()
    engine.start()

    finish(engine, key, instance)
