"""A process with one external task, for each test its own."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from external_tasks import EngineClient, RetryPolicy, TopicSubscription, Worker
from support.fixtures import NewWorker
from support.stacks import Engine
from support.waiting import eventually

QUICK = RetryPolicy(retries=3, first_seconds=0.3, factor=1, jitter=0)

BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="tests">
  <error id="Error_Known" errorCode="KNOWN"/>
  <process id="{key}" isExecutable="true" camunda:historyTimeToLive="P1D">
    <startEvent id="Start"/>
    <sequenceFlow id="To_Task" sourceRef="Start" targetRef="Task"/>
    <serviceTask id="Task" camunda:type="external" camunda:topic="{key}"/>
    <boundaryEvent id="Caught" attachedToRef="Task">
      <errorEventDefinition errorRef="Error_Known" camunda:errorCodeVariable="error_code"
          camunda:errorMessageVariable="error_message"/>
    </boundaryEvent>
    <sequenceFlow id="To_Caught_End" sourceRef="Caught" targetRef="End_Caught"/>
    <endEvent id="End_Caught"/>
    <sequenceFlow id="To_Choice" sourceRef="Task" targetRef="Choice"/>
    <exclusiveGateway id="Choice" default="To_End"/>
    <sequenceFlow id="To_Broken_End" sourceRef="Choice" targetRef="End_Broken">
      <conditionExpression>${{execution.hasVariable('broken') and noSuchVariable}}</conditionExpression>
    </sequenceFlow>
    <endEvent id="End_Broken"/>
    <sequenceFlow id="To_End" sourceRef="Choice" targetRef="End"/>
    <endEvent id="End"/>
  </process>
</definitions>"""


@dataclass
class Probe:
    """One definition whose key is also its topic, and what happened to its instances."""

    client: EngineClient
    key: str = field(default_factory=lambda: f"LibraryProbe_{uuid.uuid4().hex[:8]}")

    def deploy(self) -> None:
        self.client.deploy(self.key, {"probe.bpmn": BPMN.format(key=self.key).encode()})

    def start(self, variables: dict[str, Any] | None = None, business_key: str | None = None) -> str:
        return self.client.start(self.key, variables, business_key=business_key)

    def fetch(self, worker_id: str, lock_ms: int = 60_000) -> list[Any]:
        return self.client.fetch_and_lock(worker_id, [TopicSubscription(self.key, lock_ms)], 100)

    def count(self, **filters: Any) -> int:
        return self.client.count_external_tasks(topicName=self.key, **filters)

    def ended_at(self, instance: str) -> str | None:
        """Return the end event of an instance, None while it runs."""
        found = self.client.get(
            "/history/activity-instance",
            {"processInstanceId": instance, "activityType": "noneEndEvent", "finished": True},
        )
        return found[0]["activityId"] if found else None

    def variables(self, instance: str) -> dict[str, Any]:
        """Return an instance's variables by name, as the engine's history has them."""
        found = self.client.get(
            "/history/variable-instance", {"processInstanceId": instance, "deserializeValues": False}
        )
        return {variable["name"]: variable["value"] for variable in found}

    def wait_ended(self, instance: str, at: str = "End") -> None:
        eventually(lambda: self.ended_at(instance) == at)


@pytest.fixture
def probe(engine: Engine) -> Iterator[Probe]:
    probe = Probe(engine.client("admin"))
    probe.deploy()
    yield probe
    deployments = probe.client.get("/deployment", {"name": probe.key})
    for deployment in deployments:
        probe.client.delete(f"/deployment/{deployment['id']}", {"cascade": True})


@pytest.fixture
def new_worker(probe: Probe) -> Iterator[NewWorker]:
    """Makes workers that are stopped after the test."""
    made: list[Worker] = []

    def make(**settings: Any) -> Worker:
        worker = Worker(probe.client, **{"poll_seconds": 5, "drain_seconds": 5, "retry": QUICK, **settings})
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.stop()
