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

    engine.restart()

    finish(engine, key, instance)


def test_what_was_answered_survives_a_crash(engine: Engine) -> None:
    key, instance = begin(engine)

    engine.kill()
    engine.start()

    finish(engine, key, instance)
