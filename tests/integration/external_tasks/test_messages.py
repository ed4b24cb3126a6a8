"""Messages and signals that handlers send, on a real engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from external_tasks import EngineClient, NoRecipient, Sent, SeveralRecipients, Task
from support.fixtures import NewWorker
from support.models import process, unique
from support.stacks import Engine

WAITS = """<startEvent id="start"/>
<sequenceFlow id="one" sourceRef="start" targetRef="first"/>
<receiveTask id="first" messageRef="message"/>
<sequenceFlow id="two" sourceRef="first" targetRef="second"/>
<receiveTask id="second" messageRef="message"/>
<sequenceFlow id="three" sourceRef="second" targetRef="signalled"/>
<intermediateCatchEvent id="signalled"><signalEventDefinition signalRef="signal"/></intermediateCatchEvent>
<sequenceFlow id="four" sourceRef="signalled" targetRef="end"/>
<endEvent id="end"/>"""


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """A process that waits for two messages and a signal, all of this name, and then ends."""
    client, name = engine.client("admin"), unique("Waits")
    declared = f'<message id="message" name="{name}"/><signal id="signal" name="{name}"/>'
    attributes = 'camunda:historyTimeToLive="P1D"'
    deployment = client.deploy(name, {"waits.bpmn": process(name, WAITS, declared, attributes)})
    yield name
    client.delete(f"/deployment/{deployment.id}", {"cascade": True})


def _waits_at(client: EngineClient, instance: str) -> list[str]:
    found = client.get("/history/activity-instance", {"processInstanceId": instance, "unfinished": True})
    return [activity["activityId"] for activity in found]


def test_a_repeated_handler_sends_once(probe: Any, new_worker: NewWorker, name: str) -> None:
    client = probe.client
    instance = client.start(name, business_key="R1")
    sent: list[Sent] = []
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        sent.extend(
            task.engine.correlate(name, business_key="R1", variables={"paid": True}) for _ in range(2)
        )

    probe.start()
    worker.run(once=True)

    assert sent == [Sent(process_instance_id=instance), Sent(repeated=True)]
    assert _waits_at(client, instance) == ["second"]
    assert probe.variables(instance)["paid"] is True


def test_a_signal_is_sent_once_and_its_recipient_may_have_ended(
    probe: Any, new_worker: NewWorker, name: str
) -> None:
    client = probe.client
    instance = client.start(name, business_key="R1")
    for _ in range(2):
        client.correlate(name, process_instance_id=instance)
    assert _waits_at(client, instance) == ["signalled"]
    sent: list[Sent] = []
    worker = new_worker()

    @worker.task(probe.key)
    def handle(task: Task) -> None:
        sent.extend(task.engine.signal(name) for _ in range(2))

    probe.start()
    worker.run(once=True)

    assert [one.repeated for one in sent] == [False, True]
    assert _waits_at(client, instance) == []


def test_nobody_and_several_are_errors_of_their_own(engine: Engine, name: str) -> None:
    client = engine.client("admin")
    with pytest.raises(NoRecipient):
        client.correlate(name, business_key="nobody")
    for _ in range(2):
        client.start(name, {"country": "FR"}, business_key="R2")
    with pytest.raises(SeveralRecipients):
        client.correlate(name, correlation_keys={"country": "FR"})
