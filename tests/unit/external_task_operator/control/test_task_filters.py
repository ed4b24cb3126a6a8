"""Fleets that share a topic are scaled on their own tasks, and never on a name that nothing has."""

from typing import Any

import pytest
from external_task_operator.errors import InvalidSpec
from external_task_operator.spec import parse
from support.operator_world.world import World

BOOKING = {"processDefinitionKeys": ["Booking"]}


def fill(world: World) -> None:
    world.engine.definitions = {"Booking:1", "Booking:2", "Billing:1"}
    world.engine.add("validate", 10, tenant="acme", definition="Booking")
    world.engine.add("validate", 20, tenant="acme", definition="Booking", version=2)
    world.engine.add("validate", 40, tenant="umbrella", definition="Billing")
    world.engine.add("validate", 5, definition="Billing", worker_id="other:1")


@pytest.mark.parametrize(
    ("only", "waiting", "locked"),
    [
        ({"tenantIds": ["acme"]}, 30, 0),
        ({"tenantIds": ["acme", "umbrella"]}, 70, 0),
        (BOOKING, 30, 0),
        ({"processDefinitionKeys": ["Booking", "Billing"]}, 70, 5),
        ({"processDefinitionIds": ["Booking:2", "Billing:1"]}, 60, 5),
        ({"tenantIds": ["umbrella"], "processDefinitionKeys": ["Booking"]}, 0, 0),
    ],
)
def test_the_tasks_of_the_filter_count(world: World, only: dict[str, Any], waiting: int, locked: int) -> None:
    fill(world)
    world.target(0)
    world.scaler(taskFilter=only)

    world.operator().poll()

    assert (world.status()["unlocked"], world.status()["locked"]) == (waiting, locked)
    assert world.replicas() == min(-(-(waiting + locked) // 5), 20)


def test_two_fleets_of_one_topic_count_their_own(world: World) -> None:
    fill(world)
    for name, only in (("one", BOOKING), ("two", {"tenantIds": ["umbrella"]}), ("all", None)):
        world.target(0, name)
        fields: dict[str, Any] = {"taskFilter": only} if only else {}
        world.scaler(name, scaleTargetRef={"name": name}, maxReplicaCount=90, **fields)

    world.operator().poll()

    assert [world.replicas(name) for name in ("one", "two", "all")] == [6, 8, 15]


def test_scalers_with_the_same_filter_share_their_queries(world: World) -> None:
    fill(world)
    for name in ("one", "two", "three"):
        world.target(0, name)
        world.scaler(name, scaleTargetRef={"name": name}, taskFilter=BOOKING)

    world.operator().poll()

    assert world.engine.requests.count("POST /engine-rest/external-task/count") == 3


@pytest.mark.parametrize(
    "only", [{"processDefinitionKeys": ["Boking"]}, {"processDefinitionIds": ["Booking:9"]}]
)
def test_a_definition_that_the_engine_does_not_show_is_no_reason_to_scale_in(
    world: World, only: dict[str, Any]
) -> None:
    fill(world)
    world.target(3)
    world.scaler(taskFilter=only, cooldownPeriod=0)
    operator = world.operator()

    operator.poll(20)

    assert (world.replicas(), world.condition("Ready")) == (3, ("False", "ProcessDefinitionUnknown"))
    world.engine.definitions |= {"Boking:1", "Booking:9"}
    operator.poll(30)
    assert (world.replicas(), world.condition("Ready")[0]) == (0, "True")


def test_one_unknown_definition_among_known_ones_allows_scale_up_only(world: World) -> None:
    fill(world)
    world.target(2)
    world.scaler(taskFilter={"processDefinitionKeys": ["Booking", "Biling"]})
    operator = world.operator()
    operator.poll()
    assert world.replicas() == 6

    world.engine.tasks = world.engine.tasks[:5]
    operator.poll(30)

    assert (world.replicas(), world.status()["reason"]) == (6, "MetricsIncomplete")


def test_an_engine_that_does_not_know_the_filter_counts_nothing(world: World) -> None:
    fill(world)
    world.engine.knows_definition_filter = False
    world.target(3)
    world.scaler(taskFilter=BOOKING)
    world.target(0, "other")
    world.scaler("other", scaleTargetRef={"name": "other"})

    world.operator().poll(3)

    assert (world.replicas(), world.condition("Ready")) == (3, ("False", "EngineAnswerUnusable"))
    assert "overlooks processDefinitionKeys: name processDefinitionIds" in world.status()["decision"]
    assert world.replicas("other") == 15


def test_the_right_to_see_the_definitions_of_the_filter_is_checked(world: World) -> None:
    fill(world)
    world.engine.tasks.clear()
    world.engine.user, world.engine.visible = ("scaler", "secret"), {"Billing"}
    world.secret("engine", username="scaler", password="secret")
    world.target(3)
    engine = {"url": world.engine_url, "credentialsSecret": {"name": "engine"}}
    world.scaler(engine=engine, taskFilter=BOOKING)

    world.operator().poll(3)

    assert (world.replicas(), world.condition("Ready")) == (3, ("False", "AuthorizationMissing"))


def test_the_age_is_that_of_the_filters_tasks(world: World) -> None:
    world.engine.definitions = {"Booking:1"}
    world.engine.add("validate", 1, definition="Booking", created="2027-01-15T07:59:30.000+0000")
    world.engine.add("validate", 1, definition="Billing", created="2027-01-15T06:00:00.000+0000")
    world.target(1)
    world.scaler(taskFilter=BOOKING, target={"maxTaskAgeSeconds": 600})

    world.operator().poll()

    assert world.status()["oldestTaskSeconds"] < 60


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ({}, "spec.taskFilter: must name tenantIds"),
        (
            {"processDefinitionKeys": ["a"], "processDefinitionIds": ["b"]},
            "spec.taskFilter: takes one of processDefinitionKeys and processDefinitionIds",
        ),
        ({"tenantIds": ["a\nb"]}, "spec.taskFilter.tenantIds.0: must not contain control characters"),
        ({"tenantIds": [""]}, "spec.taskFilter.tenantIds.0"),
        ({"tenantIds": "acme"}, "spec.taskFilter.tenantIds"),
    ],
)
def test_a_filter_that_selects_nothing_is_refused(only: Any, said: str) -> None:
    fields = {"scaleTargetRef": {"name": "w"}, "engine": {"url": "http://e"}, "topics": ["t"]}

    with pytest.raises(InvalidSpec, match=said):
        parse({"metadata": {}, "spec": fields | {"taskFilter": only}})
