import pytest
from external_tasks.handlers.outcomes import BpmnError, Failure
from external_tasks.handlers.router import Defaults, TopicHandler
from hotel_worker.reservation import Reservation
from hotel_worker.services import Services
from hotel_worker.topics import COMPENSATION, HANDLERS, new_router


def resolved(services: Services, **exhausted: str) -> dict[str, TopicHandler]:
    settings = {topic.replace("_", "-"): rule for topic, rule in exhausted.items()}
    return dict(new_router(services, exhausted=settings).resolve(Defaults()))  # type: ignore[arg-type]


def test_all_topics_are_registered_unless_some_are_chosen(services: Services) -> None:
    assert set(resolved(services)) == set(HANDLERS)
    some = new_router(services, ["block-room", "search-client"])
    assert set(some.resolve(Defaults())) == {"block-room", "search-client"}


@pytest.mark.parametrize(
    ("topic", "variables"),
    [
        ("validate-input", set(Reservation.model_fields)),
        ("search-client", {"email"}),
        ("create-client", {"first_name", "last_name", "email", "phone"}),
        (
            "check-room-availability",
            {"reservation_ref", "check_in", "check_out", "room_type", "guests", "rooms_refused"},
        ),
        ("release-room", {"reservation_ref"}),
    ],
)
def test_task_carries_no_more_of_the_guest_than_its_handler_reads(
    services: Services, topic: str, variables: set[str]
) -> None:
    assert set(resolved(services)[topic].subscription.variables or ()) == variables


@pytest.mark.parametrize("topic", list(HANDLERS))
def test_used_up_retries_undo_the_reservation_but_never_give_up_undoing(
    services: Services, topic: str
) -> None:
    outcome = resolved(services)[topic].rules.judge(OSError("down"), 1, lambda: 0.5)

    if topic in COMPENSATION:
        assert isinstance(outcome, Failure)
        assert outcome.retries == 0
    else:
        assert isinstance(outcome, BpmnError)
        assert outcome.code == "TASK_ERROR"


def test_what_follows_used_up_retries_can_be_set_for_a_topic(services: Services) -> None:
    rules = resolved(services, block_room="incident", release_room="bpmn_error")

    assert isinstance(rules["block-room"].rules.judge(OSError(), 1, lambda: 0.5), Failure)
    assert isinstance(rules["release-room"].rules.judge(OSError(), 1, lambda: 0.5), BpmnError)
    assert isinstance(rules["cancel-table"].rules.judge(OSError(), 1, lambda: 0.5), Failure)
