"""Each technical user does its work, and nothing else."""

from collections.abc import Callable

import pytest
from external_tasks.engine.client import EngineClient
from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.errors import EngineForbidden, NotFound
from support.models import external_task, unique
from support.stacks import Engine

OTHERS = ["worker", "scaler", "client"]


class Case:
    """One running instance with one external task."""

    def __init__(self, engine: Engine) -> None:
        self.key = unique("rights")
        self.topic = self.key
        self.model = external_task(self.key, self.topic)
        self.deployment = engine.client("deployer").deploy(self.key, {"rights.bpmn": self.model})
        self.instance = engine.client("client").start(self.key, {"email": "jean@example.com"})

    def fetch(self, client: EngineClient, worker: str = "rights-worker") -> list[ExternalTask]:
        return client.fetch_and_lock(worker, [TopicSubscription(self.topic, lock_ms=60_000)], 10)


@pytest.fixture
def case(engine: Engine) -> Case:
    return Case(engine)


class TestDeployer:
    def test_deploys_and_sees_what_it_deployed(self, engine: Engine, case: Case) -> None:
        deployer = engine.client("deployer")

        again = deployer.deploy(case.key, {"rights.bpmn": case.model})

        assert again.id == case.deployment.id
        assert deployer.get(f"/process-definition/key/{case.key}")["version"] == 1
        assert deployer.get(f"/deployment/{case.deployment.id}/resources")

    def test_sees_no_variables(self, engine: Engine, case: Case) -> None:
        with pytest.raises(EngineForbidden):
            engine.client("deployer").get(f"/process-instance/{case.instance}/variables")

        assert engine.client("deployer").get("/history/variable-instance") == []

    def test_starts_nothing_and_locks_nothing(self, engine: Engine, case: Case) -> None:
        with pytest.raises(EngineForbidden):
            engine.client("deployer").start(case.key)

        assert case.fetch(engine.client("deployer")) == []

    def test_deletes_nothing_not_even_its_own(self, engine: Engine, case: Case) -> None:
        with pytest.raises(EngineForbidden):
            engine.client("deployer").delete(f"/deployment/{case.deployment.id}", {"cascade": "true"})


class TestWorker:
    def test_fetches_with_variables_extends_and_completes(self, engine: Engine, case: Case) -> None:
        worker = engine.client("worker")

        task = case.fetch(worker)[0]
        worker.extend_lock(task.id, "rights-worker", 60_000)
        worker.complete(task.id, "rights-worker", {"done": True})

        assert task.variables["email"]["value"] == "jean@example.com"
        history = engine.client("client").get(f"/history/process-instance/{case.instance}")
        assert history["state"] == "COMPLETED"

    def test_reports_failures_and_business_errors(self, engine: Engine, case: Case) -> None:
        worker = engine.client("worker")
        task = case.fetch(worker)[0]

        worker.failure(task.id, "rights-worker", message="once", details="", retries=1, retry_timeout_ms=0)
        task = case.fetch(worker)[0]
        worker.bpmn_error(task.id, "rights-worker", "TASK_ERROR", "twice")

        assert engine.client("client").get(
            "/process-instance/count", {"processInstanceIds": case.instance}
        ) == {"count": 0}

    def test_gives_tasks_back(self, engine: Engine, case: Case) -> None:
        worker = engine.client("worker")

        worker.unlock(case.fetch(worker, "first")[0].id)

        assert len(case.fetch(worker, "second")) == 1

    def test_starts_nothing(self, engine: Engine, case: Case) -> None:
        with pytest.raises((EngineForbidden, NotFound)):
            engine.client("worker").start(case.key)

    def test_deletes_nothing(self, engine: Engine, case: Case) -> None:
        with pytest.raises(EngineForbidden):
            engine.client("worker").delete(f"/process-instance/{case.instance}")

    def test_reads_no_history(self, engine: Engine, case: Case) -> None:
        query = {"processInstanceId": case.instance}

        assert engine.client("worker").get("/history/process-instance/count", query) == {"count": 0}


class TestScaler:
    def test_counts(self, engine: Engine, case: Case) -> None:
        scaler = engine.client("scaler")

        assert scaler.count_external_tasks(topicName=case.topic, notLocked=True) == 1
        assert case.topic in scaler.get("/external-task/topic-names")

    def test_locks_nothing(self, engine: Engine, case: Case) -> None:
        assert case.fetch(engine.client("scaler")) == []
        assert engine.client("admin").count_external_tasks(topicName=case.topic, notLocked=True) == 1

    def test_sees_who_holds_a_task_but_cannot_take_it_away(self, engine: Engine, case: Case) -> None:
        task = case.fetch(engine.client("worker"))[0]
        scaler = engine.client("scaler")

        assert scaler.external_tasks(topicName=case.topic)[0]["workerId"] == "rights-worker"
        attempts: list[Callable[[], object]] = [
            lambda: scaler.unlock(task.id),
            lambda: scaler.complete(task.id, "rights-worker"),
        ]
        for attempt in attempts:
            with pytest.raises(EngineForbidden):
                attempt()

    def test_sees_no_variables(self, engine: Engine, case: Case) -> None:
        with pytest.raises(EngineForbidden):
            engine.client("scaler").get(f"/process-instance/{case.instance}/variables")

        assert engine.client("scaler").get("/variable-instance") == []
        assert engine.client("scaler").get("/history/variable-instance") == []


class TestClient:
    def test_reads_instances_variables_and_history(self, engine: Engine, case: Case) -> None:
        client = engine.client("client")

        variables = client.get(f"/process-instance/{case.instance}/variables")
        history = client.get("/history/variable-instance", {"processInstanceId": case.instance})
        activities = client.get("/history/activity-instance", {"processInstanceId": case.instance})

        assert variables["email"]["value"] == history[0]["value"] == "jean@example.com"
        assert {activity["activityId"] for activity in activities} == {"start", "task"}
        assert client.get(f"/process-definition/key/{case.key}/xml")["bpmn20Xml"]

    def test_suspends_and_resumes(self, engine: Engine, case: Case) -> None:
        client = engine.client("client")

        client.put(f"/process-instance/{case.instance}/suspended", {"suspended": True})
        assert case.fetch(engine.client("worker")) == []
        client.put(f"/process-instance/{case.instance}/suspended", {"suspended": False})

        assert len(case.fetch(engine.client("worker"))) == 1

    def test_heals_an_incident(self, engine: Engine, case: Case) -> None:
        client, worker = engine.client("client"), engine.client("worker")
        task = case.fetch(worker)[0]
        worker.failure(task.id, "rights-worker", message="", details="", retries=0, retry_timeout_ms=0)
        query = {"processInstanceId": case.instance}
        assert [incident["incidentType"] for incident in client.get("/incident", query)] == [
            "failedExternalTask"
        ]

        client.set_retries(task.id, 1)

        assert client.get("/incident", query) == []
        assert len(case.fetch(worker)) == 1

    def test_deletes_nothing(self, engine: Engine, case: Case) -> None:
        for path in (f"/process-instance/{case.instance}", f"/deployment/{case.deployment.id}"):
            with pytest.raises(EngineForbidden):
                engine.client("client").delete(path)


@pytest.mark.parametrize("role", OTHERS)
def test_only_the_deployer_deploys(engine: Engine, case: Case, role: str) -> None:
    with pytest.raises(EngineForbidden):
        engine.client(role).deploy("intruder", {"rights.bpmn": case.model})


@pytest.mark.parametrize("role", ["deployer", *OTHERS])
def test_technical_users_rule_over_no_users(engine: Engine, role: str) -> None:
    user, _ = engine.credentials[role]
    client = engine.client(role)
    intruder = {"profile": {"id": "intruder"}, "credentials": {"password": "intruder"}}
    grant = {"type": 1, "permissions": ["ALL"], "userId": user, "resourceType": 0, "resourceId": "*"}

    attempts: list[Callable[[], object]] = [
        lambda: client.put(f"/user/{user}/credentials", {"password": "mine"}),
        lambda: client.post("/user/create", intruder),
        lambda: client.post("/authorization/create", grant),
    ]
    for attempt in attempts:
        with pytest.raises(EngineForbidden):
            attempt()
    assert client.get("/user", {"id": "admin"}) == []


def test_the_administrator_may_all(engine: Engine, case: Case) -> None:
    admin = engine.client("admin")

    assert admin.get("/user/count")["count"] >= 5
    admin.delete(f"/process-instance/{case.instance}")
    admin.delete(f"/deployment/{case.deployment.id}", {"cascade": "true"})
