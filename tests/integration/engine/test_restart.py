from concurrent.futures import ThreadPoolExecutor

from external_tasks.errors import EngineOverloaded, EngineUnreachable
from external_tasks.model import TopicSubscription
from support.models import external_task, unique
from support.stacks import Engine


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


def test_what_was_running_goes_on_after_a_restart(engine: Engine) -> None:
    key, instance = begin(engine)

    with ThreadPoolExecutor(1) as pool:
        idle = [TopicSubscription(unique("idle"))]
        waiting = pool.submit(engine.client("worker").fetch_and_lock, "idle", idle, 1, wait_ms=600_000)
        engine.restart()
        error = waiting.exception(timeout=0)

    assert isinstance(error, EngineOverloaded | EngineUnreachable), "a waiting fetch does not hold it up"
    finish(engine, key, instance)


def test_what_was_answered_survives_a_crash(engine: Engine) -> None:
    key, instance = begin(engine)

    engine.kill()
    engine.start()

    finish(engine, key, instance)
