import threading
import time
from typing import Any

import pytest
from external_tasks import (
    BasicAuth,
    BusinessError,
    EngineClient,
    EngineUnauthorized,
    Failure,
    RetryPolicy,
    Task,
    TransientError,
    Worker,
)
from support.fixtures import NewWorker
from support.stacks import Engine
from support.waiting import eventually


def test_a_business_error_takes_the_boundary_event(probe: Any, new_worker: NewWorker) -> None:
    worker = new_worker()

    @worker.task(probe.key)
    def handle() -> None:
        raise BusinessError("KNOWN", "none is free", {"tried": 3})

    instance = probe.start()
    worker.run(once=True)

    assert probe.ended_at(instance) == "End_Caught"
    variables = probe.variables(instance)
    assert (variables["error_code"], variables["error_message"], variables["tried"]) == (
        "KNOWN",
        "none is free",
        3,
    )


def test_a_failure_is_tried_again_with_a_delay(probe: Any, new_worker: NewWorker) -> None:
    worker, times = new_worker(retry=RetryPolicy(retries=3, first_seconds=0.5, factor=2, jitter=0)), []

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        times.append(time.monotonic())
        if task.attempt < 3:
            raise TransientError("not yet")

    instance = probe.start()
    worker.start()
    probe.wait_ended(instance)

    assert len(times) == 3
    assert times[1] - times[0] >= 0.5
    assert times[2] - times[1] >= 1.0


def test_a_retry_is_fetched_when_it_falls_due_although_a_long_poll_is_pending(
    probe: Any, new_worker: NewWorker
) -> None:
    """Without help the engine would hold the retry back until the pending poll ends, long after this test."""
    worker, attempts = new_worker(slots=4, poll_seconds=1000), []

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        attempts.append(task.attempt)
        if len(attempts) == 1:
            time.sleep(0.5)  # the loop meanwhile sends its next poll for the other slots
            raise TransientError("not yet", retry_after=1)

    worker.start()
    instance = probe.start()
    probe.wait_ended(instance)

    assert attempts == [1, 2]


def test_used_up_retries_are_an_incident_that_new_retries_heal(probe: Any, new_worker: NewWorker) -> None:
    worker, broken = new_worker(retry=RetryPolicy(retries=1, first_seconds=0.1, jitter=0)), [True]

    @worker.task(probe.key)
    def handle() -> None:
        if broken[0]:
            raise RuntimeError(probe.key)

    instance = probe.start()
    worker.start()
    incident = eventually(lambda: probe.client.get("/incident", {"processInstanceId": instance}))[0]
    assert incident["incidentMessage"].startswith("RuntimeError in handle (test_outcomes.py, line ")
    task = probe.client.external_tasks(processInstanceId=instance)[0]
    details = probe.client.get_bytes(f"/external-task/{task['id']}/errorDetails")
    assert b"raise RuntimeError(probe.key)\nRuntimeError\n" in details

    broken[0] = False
    probe.client.set_retries(task["id"], 1)

    probe.wait_ended(instance)


def test_what_follows_the_task_may_fail_without_losing_it(probe: Any, new_worker: NewWorker) -> None:
    """A condition that cannot be evaluated fails the completion: that must be seen, and nothing lost."""
    worker = new_worker(retry=RetryPolicy(retries=0))
    worker.task(probe.key)(lambda: {"broken": True})
    instance = probe.start()
    worker.run(once=True)

    incident = probe.client.get("/incident", {"processInstanceId": instance})[0]
    assert "noSuchVariable" in incident["incidentMessage"]


def test_a_cancelled_instance_is_noticed(probe: Any, new_worker: NewWorker) -> None:
    worker, started, noticed = new_worker(lock_seconds=2), threading.Event(), threading.Event()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        started.set()
        if task.wait(30):
            noticed.set()

    instance = probe.start()
    worker.start()
    assert started.wait(30)
    probe.client.delete(f"/process-instance/{instance}")

    assert noticed.wait(15)


def test_a_long_task_keeps_its_lock(probe: Any, new_worker: NewWorker) -> None:
    workers, runs = [new_worker(lock_seconds=4, poll_seconds=1) for _ in range(2)], []
    for worker in workers:

        @worker.task(probe.key)
        def handle(task: Task) -> None:
            runs.append(task.worker_id)
            task.wait(9)

        worker.start()
    instance = probe.start()
    probe.wait_ended(instance)

    assert len(runs) == 1


def test_a_suspended_instance_waits_and_goes_on(probe: Any, new_worker: NewWorker) -> None:
    worker, started, go_on, runs = new_worker(), threading.Event(), threading.Event(), []

    @worker.task(probe.key)
    def handle() -> None:
        runs.append(1)
        started.set()
        go_on.wait(30)

    instance = probe.start()
    worker.start()
    assert started.wait(30)
    probe.client.put(f"/process-instance/{instance}/suspended", {"suspended": True})
    go_on.set()
    result = 'external_task_worker_tasks_total{outcome="suspended"'
    eventually(lambda: result in worker.metrics.render().decode())
    assert probe.ended_at(instance) is None

    probe.client.put(f"/process-instance/{instance}/suspended", {"suspended": False})

    probe.wait_ended(instance)
    assert len(runs) == 2


def test_parallel_completions_of_one_instance_all_arrive(probe: Any, new_worker: NewWorker) -> None:
    worker = new_worker(slots=8)
    worker.task(probe.key)(lambda: None)
    instances = [probe.start() for _ in range(24)]
    worker.run(once=True)

    assert all(probe.ended_at(instance) == "End" for instance in instances)
    assert probe.count() == 0


def test_a_wrong_password_is_said_clearly(
    engine: Engine, probe: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # A user of no other test: the engine locks one out who comes with wrong passwords too often.
    with EngineClient(engine.url, auth=BasicAuth("nobody", "not-it"), timeout=60) as client:
        worker = Worker(client)
        worker.task(probe.key)(lambda: None)
        with pytest.raises(EngineUnauthorized, match="check user and password"):
            worker.run(once=True)

        background = Worker(client, drain_seconds=1)
        background.task(probe.key)(lambda: None)
        background.start()
        eventually(lambda: "check user and password" in caplog.text)
        background.stop()

    assert "not-it" not in caplog.text


def test_a_task_can_be_filtered_by_business_key(probe: Any, new_worker: NewWorker) -> None:
    worker, seen = new_worker(), []
    worker.task(probe.key, business_key="R2")(lambda task: seen.append(task.business_key))
    for reference in ("R1", "R2", "R3"):
        probe.start(business_key=reference)
    worker.run(once=True)

    assert seen == ["R2"]
    assert probe.count() == 2


def test_a_failure_may_leave_variables_for_the_next_attempt(probe: Any, new_worker: NewWorker) -> None:
    worker = new_worker()

    @worker.task(probe.key)
    def handle(tried: int = 0) -> Failure | None:
        if tried < 2:
            return Failure("not yet", retries=3, retry_seconds=0.2, variables={"tried": tried + 1})
        return None

    instance = probe.start()
    worker.start()

    probe.wait_ended(instance)
    assert probe.variables(instance) == {"tried": 2}


def test_a_task_can_be_filtered_by_what_its_process_is_and_has(probe: Any, new_worker: NewWorker) -> None:
    seen: dict[str, list[Any]] = {"value": [], "version": [], "none": []}
    probe.start({"country": "FR", "vip": True, "guests": 2})
    probe.start({"country": "DE", "vip": True, "guests": 2})
    (task, _) = probe.client.external_tasks(topicName=probe.key)

    for name, filters in (
        ("none", {"process_definition_version_tag": "v1"}),
        ("none", {"process_definition_ids": ["another:1:x"]}),
        ("none", {"process_variables": {"country": "IT"}}),
        ("value", {"process_variables": {"country": "FR", "guests": 7}}),
        ("version", {"process_definition_ids": [task["processDefinitionId"]], "without_tenant": True}),
    ):
        worker = new_worker()
        found = seen[name]
        worker.task(probe.key, **filters)(lambda task, found=found: found.append(task))
        worker.run(once=True)

    assert seen["none"] == []
    assert [found.variables["country"] for found in seen["value"]] == ["FR"]
    (other,) = seen["version"]
    assert other.variables["country"] == "DE"
    assert (other.process_definition_id, other.execution_id) != ("", "")
    assert other.created_at is not None


def test_an_intended_error_sends_its_message_and_nothing_of_its_cause(
    probe: Any, new_worker: NewWorker
) -> None:
    worker = new_worker(retry=RetryPolicy(retries=0))

    @worker.task(probe.key)
    def handle(email: str) -> None:
        try:
            int(email)
        except ValueError as error:
            raise TransientError("the client service is busy") from error

    instance = probe.start({"email": "zoe@example.com"})
    worker.run(once=True)

    (task,) = probe.client.external_tasks(processInstanceId=instance)
    assert task["errorMessage"] == "the client service is busy"
    assert probe.client.get_bytes(f"/external-task/{task['id']}/errorDetails") == b""
    (log,) = probe.client.get(
        "/history/external-task-log", {"externalTaskId": task["id"], "failureLog": True}
    )
    assert "zoe" not in str(log)


def test_a_token_that_cannot_be_had_for_a_while_costs_no_second_run(
    engine: Engine, probe: Any, new_worker: NewWorker
) -> None:
    """The lock is kept and the outcome reported once the identity provider answers again."""
    user, password = engine.credentials["admin"]
    there, runs = threading.Event(), []
    there.set()

    class Provider:
        def authorization(self) -> str:
            if not there.is_set():
                raise OSError("identity provider unreachable")
            return BasicAuth(user, password).authorization()

    with EngineClient(engine.url, auth=Provider(), timeout=60) as client:
        worker = Worker(client, lock_seconds=6, poll_seconds=1, drain_seconds=5)

        @worker.task(probe.key)
        def handle(task: Task) -> None:
            runs.append(1)
            there.clear()
            task.wait(2)
            threading.Timer(2, there.set).start()

        instance = probe.start()
        worker.start()
        probe.wait_ended(instance)
        worker.stop()

    assert runs == [1]
