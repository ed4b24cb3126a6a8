from typing import Any

import pytest
from external_tasks import RegistrationError, RetryPolicy, Task, TaskRouter
from external_tasks.handlers.outcomes import ErrorRules
from external_tasks.handlers.router import Defaults


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
        on_retries_exhausted="bpmn_error",
        business_key="key",
        process_definition_keys=["Order"],
        process_definition_ids=["Order:1:x"],
        process_definition_version_tag="v1",
        process_variables={"country": "FR", "vip": True},
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
        "processDefinitionIdIn": ["Order:1:x"],
        "processDefinitionVersionTag": "v1",
        "processVariables": {"country": "FR", "vip": True},
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


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("topic", ""),
        ("topic", None),
        ("lock_seconds", 0),
        ("lock_seconds", -1),
        ("lock_seconds", 0.0001),
        ("lock_seconds", "60"),
        ("lock_seconds", float("nan")),
        ("variables", "email"),
        ("variables", [""]),
        ("variables", [1]),
        ("variables", 7),
        ("local_variables", "false"),
        ("retry", 3),
        ("on_retries_exhausted", "incidents"),
        ("on_retries_exhausted", True),
        ("business_key", ""),
        ("business_key", 7),
        ("process_definition_keys", "sfl"),
        ("process_definition_keys", []),
        ("process_definition_keys", [""]),
        ("tenant_ids", "tenant"),
        ("tenant_ids", ()),
        ("tenant_ids", [None]),
        ("extension_properties", 1),
        ("process_definition_ids", "a:1:x"),
        ("process_definition_ids", []),
        ("process_definition_version_tag", ""),
        ("process_variables", ["a"]),
        ("process_variables", {"a": {"b": 1}}),
        ("process_variables", {"": 1}),
        ("without_tenant", "yes"),
        ("max_tasks", 0),
        ("max_tasks", "4"),
        ("max_tasks", True),
        ("rate", 5),
        ("rate", "5/s"),
    ],
)
def test_what_cannot_work_is_refused_at_registration(argument: str, value: Any) -> None:
    arguments = {"topic": "mail", argument: value}

    with pytest.raises(RegistrationError, match=rf"topic .*: .*{argument} must"):
        TaskRouter().task(**arguments)


def test_a_tenant_and_none_exclude_each_other() -> None:
    with pytest.raises(RegistrationError, match="without_tenant must not be set together with tenant_ids"):
        TaskRouter().task("mail", tenant_ids=["T"], without_tenant=True)


def test_filters_may_be_any_list_of_texts() -> None:
    router = TaskRouter()
    router.task("mail", process_definition_keys=iter(["A", "B"]), tenant_ids={"T"})(handle)

    subscription = router.resolve(Defaults())["mail"].subscription
    assert (subscription.process_definition_keys, subscription.tenant_ids) == (("A", "B"), ("T",))
