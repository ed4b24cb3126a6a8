"""That the operator reads a real engine rightly, rights included."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from external_task_operator.engine.authorization import Authorization, check, unknown_definitions
from external_task_operator.engine.counts import locked_tasks, read
from external_task_operator.scaling import dead_pod_locks
from external_task_operator.scaling.pods import worker_pod
from external_task_operator.spec import TaskFilter
from external_tasks import BasicAuth, EngineClient, TopicSubscription
from external_tasks.errors import EngineForbidden
from support.stacks import Engine

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <process id="{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/>
    <sequenceFlow id="To_Task" sourceRef="Start" targetRef="Task"/>
    <serviceTask id="Task" camunda:type="external" camunda:topic="{key}"/>
  </process>
</definitions>"""
READ_INSTANCE = "READ_INSTANCE"


@dataclass
class Topic:
    """A topic of its own, named like its process."""

    admin: EngineClient
    name: str = field(default_factory=lambda: f"Scaled_{uuid.uuid4().hex[:8]}")

    def deploy(self) -> None:
        self.admin.deploy(self.name, {"scaled.bpmn": BPMN.format(key=self.name).encode()})

    def fill(self, count: int) -> list[str]:
        return [self.admin.start(self.name) for _ in range(count)]

    def fill_for(self, tenant: str | None, count: int) -> None:
        path = f"/process-definition/key/{self.name}"
        for _ in range(count):
            self.admin.post(f"{path}/tenant-id/{tenant}/start" if tenant else f"{path}/start", {})

    def lock(self, worker_id: str, count: int) -> list[str]:
        wanted = [TopicSubscription(self.name, 60_000)]
        return [task.id for task in self.admin.fetch_and_lock(worker_id, wanted, count)]


@pytest.fixture
def topic(engine: Engine) -> Iterator[Topic]:
    topic = Topic(engine.client("admin"))
    topic.deploy()
    yield topic
    for instance in topic.admin.get("/process-instance", {"processDefinitionKey": topic.name}):
        topic.admin.delete(f"/process-instance/{instance['id']}")


@pytest.fixture
def user(engine: Engine) -> Iterator[Callable[..., EngineClient]]:
    """Make a user with rights on process definitions, and log in as that."""
    admin, made = engine.client("admin"), []

    def make(*keys: str) -> EngineClient:
        name = f"user{uuid.uuid4().hex[:8]}"
        profile = {"id": name, "firstName": "x", "lastName": "x"}
        admin.post("/user/create", {"profile": profile, "credentials": {"password": f"{name}-Secret-1"}})
        made.append(EngineClient(engine.url, auth=BasicAuth(name, f"{name}-Secret-1")))
        for key in keys:
            grant(admin, name, key)
        return made[-1]

    yield make
    for client in made:
        client.close()


def grant(admin: EngineClient, user: str, key: str) -> str:
    created = admin.post(
        "/authorization/create",
        {"type": 1, "permissions": [READ_INSTANCE], "userId": user, "resourceType": 6, "resourceId": key},
    )
    return str(created["id"])


def test_counts_what_waits_and_what_is_locked(engine: Engine, topic: Topic) -> None:
    topic.fill(5)
    topic.lock("pod-a:1a2b", 2)

    reading = read(engine.client("scaler"), [topic.name, "no-such-topic"])

    assert reading.failure is None
    assert (reading.counts[topic.name].unlocked, reading.counts[topic.name].locked) == (3, 2)
    assert (reading.counts["no-such-topic"].unlocked, reading.counts["no-such-topic"].locked) == (0, 0)


def test_one_topic_and_many_are_counted_alike(engine: Engine, topic: Topic) -> None:
    """Several topics are first narrowed down to those with tasks; a single one is counted at once."""
    topic.fill(3)
    topic.lock("pod-a:1a2b", 1)
    scaler = engine.client("scaler")

    alone, among = read(scaler, [topic.name]), read(scaler, [topic.name, "other"])

    assert alone.counts[topic.name] == among.counts[topic.name]


def test_incidents_suspended_tasks_and_retries_to_come_do_not_wait(engine: Engine, topic: Topic) -> None:
    topic.fill(4)
    incident, retry, stopped = topic.lock("pod-a:1a2b", 3)
    for task, retries, pause_ms in ((incident, 0, 0), (retry, 3, 60_000)):
        topic.admin.failure(
            task, "pod-a:1a2b", message="m", details="d", retries=retries, retry_timeout_ms=pause_ms
        )
    instance = topic.admin.get(f"/external-task/{stopped}")["processInstanceId"]
    topic.admin.unlock(stopped)
    topic.admin.put(f"/process-instance/{instance}/suspended", {"suspended": True})

    count = read(engine.client("scaler"), [topic.name]).counts[topic.name]

    assert (count.unlocked, count.locked) == (1, 1)


def test_the_age_of_the_oldest_waiting_task(engine: Engine, topic: Topic) -> None:
    before = time.time()
    topic.fill(2)

    reading = read(engine.client("scaler"), [topic.name], ages_of={topic.name})

    assert before - 2 < reading.oldest[topic.name] < time.time() + 2


def test_tasks_are_counted_by_process_definition_and_tenant(engine: Engine, topic: Topic) -> None:
    tenant = f"tenant{uuid.uuid4().hex[:8]}"
    bpmn = ("scaled.bpmn", BPMN.format(key=topic.name).encode())
    fields = {"deployment-name": topic.name, "tenant-id": tenant, "scaled.bpmn": bpmn}
    topic.admin.post_form("/deployment/create", fields)
    topic.fill_for(None, 2)
    topic.fill_for(tenant, 3)
    topic.lock("pod-a:1a2b", 1)
    definitions = topic.admin.get("/process-definition", {"key": topic.name})

    def counted(**only: tuple[str, ...]) -> int:
        reading = read(topic.admin, [topic.name], only=TaskFilter(**only), ages_of={topic.name})
        assert reading.failure is None
        return reading.counts[topic.name].unlocked + reading.counts[topic.name].locked

    ids = {each["tenantId"]: each["id"] for each in definitions}
    assert counted(tenant_ids=(tenant,)) == 3
    assert counted(tenant_ids=("no-such-tenant",)) == 0
    assert counted(process_definition_keys=(topic.name,)) == 5
    assert counted(process_definition_keys=("no-such-key",)) == 0
    assert counted(process_definition_ids=(ids[None],)) == 2
    assert counted(process_definition_ids=(ids[None], ids[tenant])) == 5
    assert counted(process_definition_ids=(ids[None],), tenant_ids=(tenant,)) == 0


def test_definitions_that_are_not_there_are_said(topic: Topic) -> None:
    (definition,) = topic.admin.get("/process-definition", {"key": topic.name})
    known = TaskFilter(process_definition_keys=(topic.name,))
    version = TaskFilter(process_definition_ids=(definition["id"],))
    unknown = TaskFilter(process_definition_keys=(topic.name, "no-such-key"))

    assert unknown_definitions(topic.admin, known) is None
    assert unknown_definitions(topic.admin, version) is None
    failure = unknown_definitions(topic.admin, unknown)
    assert failure is not None
    assert "no-such-key" in failure.message


def test_who_holds_locks(engine: Engine, topic: Topic) -> None:
    topic.fill(3)
    topic.lock("pod-a:1a2b", 1)
    (retried,) = topic.lock("pod-b:3c4d", 1)
    topic.admin.failure(retried, "pod-b:3c4d", message="m", details="d", retries=3, retry_timeout_ms=60_000)

    held = locked_tasks(engine.client("scaler"), [topic.name])

    assert {(task.worker_id, task.failed_before) for task in held} == {
        ("pod-a:1a2b", False),
        ("pod-b:3c4d", True),
    }


def test_an_orphan_is_unlocked_and_can_be_fetched_at_once(engine: Engine, topic: Topic) -> None:
    topic.fill(2)
    topic.lock("pod-a:1a2b", 1)
    topic.lock("pod-b:3c4d", 1)
    tasks = locked_tasks(engine.client("admin"), [topic.name])

    of_the_dead = [task for task in tasks if worker_pod(task.worker_id) == "pod-a"]

    count = dead_pod_locks.unlock(engine.client("admin"), of_the_dead)

    assert count == 1
    assert len(topic.lock("pod-c:5e6f", 10)) == 1


class TestAuthorization:
    def test_a_user_without_rights_counts_zero_and_that_is_known(
        self, topic: Topic, user: Callable[..., EngineClient]
    ) -> None:
        topic.fill(3)
        blind = user()

        assert read(blind, [topic.name]).counts[topic.name].unlocked == 0
        assert read(blind, [topic.name, "other"]).counts[topic.name].unlocked == 0
        assert check(blind, [topic.name]) == (Authorization.MISSING, (topic.name,))
        assert check(blind, []) == (Authorization.UNVERIFIED, ())

    def test_a_grant_on_one_definition_settles_that_one(
        self, topic: Topic, user: Callable[..., EngineClient]
    ) -> None:
        topic.fill(3)
        seer = user(topic.name)

        assert read(seer, [topic.name]).counts[topic.name].unlocked == 3
        assert check(seer, [topic.name]) == (Authorization.GRANTED, ())
        assert check(seer, [topic.name, "Other"]) == (Authorization.MISSING, ("Other",))
        assert check(seer, []) == (Authorization.UNVERIFIED, ())

    def test_a_grant_on_all_definitions_settles_all(self, user: Callable[..., EngineClient]) -> None:
        assert check(user("*"), []) == (Authorization.GRANTED, ())

    def test_a_tenant_hides_its_tasks_from_strangers_and_no_question_tells(
        self, topic: Topic, user: Callable[..., EngineClient]
    ) -> None:
        tenant = f"tenant{uuid.uuid4().hex[:8]}"
        process = ("scaled.bpmn", BPMN.format(key=topic.name).encode())
        topic.admin.post_form(
            "/deployment/create", {"deployment-name": tenant, "tenant-id": tenant, "scaled.bpmn": process}
        )
        topic.admin.post(f"/process-definition/key/{topic.name}/tenant-id/{tenant}/start", {})
        stranger = user("*")

        assert read(topic.admin, [topic.name]).counts[topic.name].unlocked == 1
        assert read(stranger, [topic.name]).counts[topic.name].unlocked == 0
        assert check(stranger, [topic.name]) == (Authorization.GRANTED, ())

    def test_a_reader_cannot_unlock(self, topic: Topic, user: Callable[..., EngineClient]) -> None:
        topic.fill(1)
        (task,) = topic.lock("pod-a:1a2b", 1)

        with pytest.raises(EngineForbidden):
            user(topic.name).unlock(task)
