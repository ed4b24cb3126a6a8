import pytest
from external_tasks import RegistrationError, RetryPolicy, Task, TaskRouter
from external_tasks.outcomes import ErrorRules
from external_tasks.registry import Defaults


def handle(task: Task) -> None:
    """Do nothing."""


def greet(email: str, guests: int) -> str:
    return f"{email} {guests}"


def test_the_decorated_function_stays_as_it_is() -> None:
    assert TaskRouter().task("mail")(handle) is handle


def test_a_topic_takes_one_handler() -> None:
    router = TaskRouter()
    router.task("mail")(handle)

    with pytest.raises(RegistrationError, match="'mail'"):
        router.task("mail")(handle)


def test_routers_can_be_joined_but_not_over_one_topic() -> None:
    first, second = TaskRouter(), TaskRouter()
    first.task("mail")(handle)
    second.task("room")(handle)
    first.include(second)

    assert list(first.registrations) == ["mail", "room"]
    with pytest.raises(RegistrationError, match="'room'"):
        first.include(second)


def test_a_topic_takes_the_defaults_where_it_says_nothing() -> None:
    router, policy = TaskRouter(), RetryPolicy(retries=1)
    router.task("mail")(handle)

    handler = router.resolve(Defaults(30, policy, "bpmn_error"))["mail"]

    assert handler.subscription.lock_ms == 30_000
    assert handler.rules == ErrorRules(policy, "bpmn_error")


def test_a_topic_may_say_everything_itself() -> None:
    router, policy = TaskRouter(), RetryPolicy(retries=1)
    router.task(
        "mail",
        lock_seconds=5,
        variables=["email"],
        local_variables=True,
        retry=policy,
        exhausted="bpmn_error",
        business_key="key",
        process_definition_keys=["Order"],
        tenant_ids=["tenant"],
        extension_properties=True,
    )(handle)

    handler = router.resolve(Defaults())["mail"]

    assert handler.rules == ErrorRules(policy, "bpmn_error")
    assert handler.subscription.to_json() == {
        "topicName": "mail",
        "lockDuration": 5000,
        "variables": ["email"],
        "localVariables": True,
        "businessKey": "key",
        "processDefinitionKeyIn": ["Order"],
        "tenantIdIn": ["tenant"],
        "includeExtensionProperties": True,
    }


def test_variables_are_fetched_as_the_handler_needs_them() -> None:
    router = TaskRouter()
    router.task("all")(handle)
    router.task("named")(greet)
    router.task("none")(lambda: None)
    router.task("more", variables=["trace", "email"])(greet)

    fetched = {topic: entry.subscription.variables for topic, entry in router.resolve(Defaults()).items()}

    assert fetched == {
        "all": None,
        "named": ("email", "guests"),
        "none": (),
        "more": ("trace", "email", "guests"),
    }
