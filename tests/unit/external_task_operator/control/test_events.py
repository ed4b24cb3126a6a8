"""Events are counted up and limited, as Kubernetes' own recorder does it."""

from typing import Any

import pytest
from external_task_operator.kubernetes import paths
from support.operator_world.world import NAMESPACE, World


def events(world: World, reason: str) -> list[dict[str, Any]]:
    return [event for event in world.api.below(paths.events(NAMESPACE)) if event["reason"] == reason]


def calls(world: World) -> list[str]:
    return [call for call in world.api.requests if "/events" in call]


def test_an_engine_that_answers_every_other_poll_makes_two_events_with_a_count(world: World) -> None:
    world.target(1)
    world.scaler()
    operator = world.operator()
    for _ in range(360):
        world.engine.status = None if world.engine.status else 503
        operator.poll()

    (refused,), (ready,) = events(world, "EngineOverloaded"), events(world, "Ready")
    assert refused["count"] > 100
    assert ready["count"] > 100
    assert len(calls(world)) < 70, "half an hour of a change at every poll"


def test_what_was_left_out_is_counted_by_the_next(world: World) -> None:
    operator = world.operator()
    world.scaler()
    operator.watch()
    (scaler,) = operator.registry.all()
    recorder = operator.poller._parts.reporter._recorder
    for _ in range(40):
        recorder.about(scaler, "Warning", "Whatever", "the same")
    before = events(world, "Whatever")[0]["count"]
    world.now += 300
    recorder.about(scaler, "Warning", "Whatever", "the same")

    assert before == 25
    assert [event["count"] for event in events(world, "Whatever")] == [41]


@pytest.mark.parametrize("status", [403, 404])
def test_an_event_that_cannot_be_counted_up_is_posted_again(world: World, status: int) -> None:
    """The right to patch is missing, or the event has expired."""
    operator = world.operator()
    world.scaler()
    operator.watch()
    (scaler,) = operator.registry.all()
    recorder = operator.poller._parts.reporter._recorder
    recorder.about(scaler, "Warning", "Whatever", "the same")
    (posted,) = events(world, "Whatever")
    if status == 404:
        world.api.delete(paths.event(NAMESPACE, posted["metadata"]["name"]))
    else:
        world.api.refused["PATCH /api/v1/namespaces/hotel/events"] = status

    recorder.about(scaler, "Warning", "Whatever", "the same")

    assert sum(event["count"] for event in events(world, "Whatever")) >= 2


def test_other_scalers_and_other_reasons_have_their_own_allowance(world: World) -> None:
    operator = world.operator()
    world.scaler("a")
    world.scaler("b")
    operator.watch()
    a, b = operator.registry.all()
    recorder = operator.poller._parts.reporter._recorder
    for number in range(40):
        recorder.about(a, "Warning", "Whatever", f"number {number}")
    recorder.about(a, "Normal", "Else", "one")
    recorder.about(b, "Warning", "Whatever", "one")

    assert len(events(world, "Whatever")) == 26
    assert len(events(world, "Else")) == 1
