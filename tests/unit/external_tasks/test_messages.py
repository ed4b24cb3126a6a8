"""Messages and signals that handlers send, on the in-memory engine."""

from collections.abc import Callable
from typing import Any

import pytest
from external_tasks import (
    Complete,
    EngineClient,
    EngineUnreachable,
    Failure,
    NoRecipient,
    Sent,
    SeveralRecipients,
    Task,
    Worker,
)
from external_tasks.testing import FakeEngine, run_task
from support.http_stub import Answer, http_stub


def confirm(task: Task, order: str) -> dict[str, Any]:
    sent = task.engine.correlate("Paid", business_key=order, variables={"amount": 4})
    return {"repeated": sent.repeated}


def test_a_message_reaches_the_instance_that_waits_for_it(engine: FakeEngine) -> None:
    other = engine.expect_message("Paid", business_key="R2")
    recipient = engine.expect_message("Paid", business_key="R1")

    assert run_task(confirm, {"order": "R1"}, engine=engine) == Complete({"repeated": False})
    assert [got["amount"] for got in recipient.got] == [4]
    assert other.got == []


def test_a_repeat_sends_nothing_although_the_recipient_waits_again(engine: FakeEngine) -> None:
    recipient = engine.expect_message("Paid", business_key="R1", times=2)
    outcomes = [run_task(confirm, {"order": "R1"}, engine=engine, task_id=task) for task in ("1", "1", "2")]

    assert outcomes == [Complete({"repeated": repeated}) for repeated in (False, True, False)]
    assert len(recipient.got) == 2


def test_a_message_whose_answer_was_lost_is_not_sent_again(engine: FakeEngine) -> None:
    recipient = engine.expect_message("Paid", business_key="R1", times=2)
    engine.fail_next("correlate", EngineUnreachable("reset"), after_effect=True)
    outcomes = [run_task(confirm, {"order": "R1"}, engine=engine) for _ in range(2)]

    assert isinstance(outcomes[0], Failure)
    assert outcomes[1] == Complete({"repeated": True})
    assert len(recipient.got) == 1


def test_a_message_that_nobody_waits_for_is_tried_again(engine: FakeEngine) -> None:
    outcome = run_task(confirm, {"order": "R1"}, engine=engine)

    assert isinstance(outcome, Failure)
    assert outcome.retries == 5


def test_errors_say_who_waits(engine: FakeEngine) -> None:
    def send(task: Task) -> None:
        with pytest.raises(NoRecipient):
            task.engine.correlate("Paid", process_instance_id="nobody")
        with pytest.raises(SeveralRecipients):
            task.engine.correlate("Paid", correlation_keys={"country": "FR"})
        assert task.engine.correlate("Paid", correlation_keys={"country": "DE"}).process_instance_id

    for country in ("FR", "FR", "DE"):
        engine.expect_message("Paid", {"country": country})
    assert run_task(send, engine=engine) == Complete()


def test_a_key_tells_two_messages_apart(engine: FakeEngine) -> None:
    recipient = engine.expect_message("Paid", business_key="R1", times=2)

    def send(task: Task) -> None:
        for key in ("first", "second", "second"):
            task.engine.correlate("Paid", business_key="R1", key=key)

    run_task(send, engine=engine)
    assert len(recipient.got) == 2


def test_a_signal_reaches_all_once(engine: FakeEngine) -> None:
    recipients = [engine.expect_signal("Closed", times=2) for _ in range(3)]
    sent: list[Sent] = []
    for _ in range(2):
        run_task(lambda task: sent.append(task.engine.signal("Closed", variables={"a": 1})), engine=engine)

    assert [one.repeated for one in sent] == [False, True]
    assert [len(recipient.got) for recipient in recipients] == [1, 1, 1]


def test_a_worker_gives_its_engine_to_handlers(engine: FakeEngine) -> None:
    recipient = engine.expect_message("Paid", business_key="R1")
    task = engine.add_task("confirm", {"order": "R1"})
    worker = Worker(engine)
    worker.task("confirm")(confirm)
    worker.run(once=True)

    assert (task.results, len(recipient.got)) == ({"repeated": False}, 1)


def test_a_task_without_an_engine_says_what_to_do() -> None:
    with pytest.raises(LookupError, match="give one to run_task"):
        _ = Task("id", "topic").engine


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (lambda e: e.correlate("Paid"), "needs a recipient"),
        (lambda e: e.correlate("Paid", correlation_keys={}), "needs a recipient"),
        (lambda e: e.correlate("", business_key="R1"), "name must"),
        (lambda e: e.correlate("Paid", business_key=""), "business_key must"),
        (lambda e: e.correlate("Paid", process_instance_id=5), "process_instance_id must"),
        (lambda e: e.correlate("Paid", correlation_keys=["a"]), "correlation_keys must"),
        (lambda e: e.correlate("Paid", business_key="R1", variables=["a"]), "variables must"),
        (lambda e: e.correlate("Paid", business_key="R1", key=5), "key must"),
        (lambda e: e.signal(""), "name must"),
        (lambda e: e.signal("Closed", variables="a"), "variables must"),
        (lambda e: e.signal("Closed", tenant_id=5), "tenant_id must"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    engine: FakeEngine, send: Callable[[Any], object], message: str
) -> None:
    refused: list[str] = []

    def handle(task: Task) -> None:
        try:
            send(task.engine)
        except ValueError as error:
            refused.append(str(error))

    run_task(handle, engine=engine)
    assert len(refused) == 1
    assert message in refused[0]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (
            "Cannot correlate message 'a': No process definition or execution matches the parameters",
            NoRecipient,
        ),
        (
            "Cannot correlate a message with name 'a' to a single execution. 2 executions match",
            SeveralRecipients,
        ),
    ],
)
def test_the_engines_words_become_errors(words: str, kind: type[Exception]) -> None:
    with http_stub() as stub, EngineClient(stub.url) as client:
        stub.answer(Answer(400, {"type": "RestException", "message": words}))
        with pytest.raises(kind):
            client.correlate("a", business_key="R1")
