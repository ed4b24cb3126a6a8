"""What holds for both processes, and between them and the worker."""

from hotel_worker.topics import HANDLERS
from support.bpmn_model import BPMN, CAMUNDA, NODES, SCOPES, TASKS, Model, kind_of


def test_process_is_executable_and_its_history_is_cleaned_up(model: Model) -> None:
    assert model.process.get("isExecutable") == "true"
    assert model.process.get(f"{CAMUNDA}historyTimeToLive") == "P180D"


def test_ids_are_unique(model: Model) -> None:
    ids = [element.get("id") for element in model.root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_every_task_is_named_external_and_documented(model: Model) -> None:
    for task in model.elements("serviceTask"):
        assert task.get(f"{CAMUNDA}type") == "external"
        assert task.get(f"{CAMUNDA}topic")
        assert task.get("name")
        assert task.findtext(f"{BPMN}documentation")


def test_every_topic_has_a_handler_and_every_handler_a_topic(reservation: Model, client: Model) -> None:
    topics = [*reservation.topics.values(), *client.topics.values()]
    assert sorted(topics) == sorted(HANDLERS)


def test_every_external_task_catches_the_error_of_its_used_up_retries(model: Model) -> None:
    for task in model.elements("serviceTask", "callActivity"):
        caught = model.caught_codes(str(task.get("id")))
        assert {"TASK_ERROR", None} & caught, f"{task.get('id')} catches only {caught}"


def test_every_error_is_caught_somewhere(model: Model) -> None:
    """The engine ends the path of an error that nothing catches without a word."""
    for task in model.elements("serviceTask"):
        scope, caught = task, set()
        while kind_of(scope) != "process":
            caught |= model.caught_codes(str(scope.get("id")))
            scope = model.scope_of(scope)
        assert None in caught, f"{task.get('id')} lets unknown errors pass"


def test_what_catches_failures_keeps_their_code_and_message(model: Model) -> None:
    for task in model.elements(*TASKS, "subProcess"):
        for event in model.error_events(str(task.get("id"))):
            definition = event.find(f"{BPMN}errorEventDefinition")
            if definition is not None and model.error_code(event) in {None, "TASK_ERROR"}:
                assert definition.get(f"{CAMUNDA}errorCodeVariable") == "error_code"
                assert definition.get(f"{CAMUNDA}errorMessageVariable") == "error_message"


def test_every_way_begins_and_ends(model: Model) -> None:
    for node in model.elements(*NODES):
        incoming, outgoing = node.findall(f"{BPMN}incoming"), node.findall(f"{BPMN}outgoing")
        assert bool(outgoing) == (kind_of(node) != "endEvent"), node.get("id")
        assert bool(incoming) == (kind_of(node) not in {"startEvent", "boundaryEvent"}), node.get("id")


def test_flows_stay_in_their_scope(model: Model) -> None:
    for flow in model.elements("sequenceFlow"):
        ends = [model.by_id(str(flow.get(end))) for end in ("sourceRef", "targetRef")]
        assert {model.scope_of(end) for end in ends} == {model.scope_of(flow)}, flow.get("id")


def test_every_gateway_that_chooses_has_a_default(model: Model) -> None:
    for gateway in model.elements("exclusiveGateway"):
        if len(gateway.findall(f"{BPMN}outgoing")) > 1:
            assert gateway.get("default")


def test_every_scope_has_one_plain_start(model: Model) -> None:
    for scope in [model.process, *model.elements("subProcess")]:
        starts = scope.findall(f"{BPMN}startEvent")
        plain = [start for start in starts if not any("EventDefinition" in child.tag for child in start)]
        assert len(plain) == 1
        assert kind_of(scope) in SCOPES


def test_no_script_is_needed(model: Model) -> None:
    assert not [element for element in model.root.iter() if "script" in element.tag.lower()]


def test_timers_are_tried_again(reservation: Model) -> None:
    (timer,) = reservation.elements("timerEventDefinition")
    event = reservation.scope_of(timer)
    assert event.findtext(f".//{CAMUNDA}failedJobRetryTimeCycle") == "R10/PT10S"


def test_client_creation_is_called_with_all_variables_and_the_business_key(reservation: Model) -> None:
    (call,) = reservation.elements("callActivity")
    mappings = {mapping.tag: dict(mapping.attrib) for mapping in call.iter(f"{CAMUNDA}out")}
    given = [dict(mapping.attrib) for mapping in call.iter(f"{CAMUNDA}in")]
    assert call.get("calledElement") == "ClientCreationProcess"
    assert {"variables": "all"} in given
    assert {"businessKey": "#{execution.processBusinessKey}"} in given
    assert mappings == {f"{CAMUNDA}out": {"variables": "all"}}


def test_every_end_tells_the_status(reservation: Model) -> None:
    told = {}
    for end in reservation.process.findall(f"{BPMN}endEvent"):
        listeners = [listener.get("expression") for listener in end.iter(f"{CAMUNDA}executionListener")]
        told[end.get("id")] = listeners
    assert told.pop("EndEvent_AlreadyCancelling") == []
    assert told == {
        f"EndEvent_{end}": [f"${{execution.setVariable('status', '{status}')}}"]
        for end, status in {
            "Confirmed": "confirmed",
            "NotAvailable": "not_available",
            "Rejected": "rejected",
            "Duplicate": "duplicate",
            "Cancelled": "cancelled",
            "Expired": "expired",
            "Failed": "failed",
        }.items()
    }


def test_a_running_reservation_can_be_cancelled_at_every_time(reservation: Model) -> None:
    """Each activity at the top catches the message; so does a new instance once there is none."""
    message = reservation.by_id("Message_CancelReservation")
    assert message.get("name") == "CancelReservation"
    definitions = reservation.elements("messageEventDefinition")
    assert {definition.get("messageRef") for definition in definitions} == {message.get("id")}
    catching = {reservation.scope_of(definition) for definition in definitions}
    assert {event.get("attachedToRef") for event in catching} == {
        "Task_ValidateInput",
        "SubProcess_Reservation",
        "SubProcess_Compensate",
        None,
    }
