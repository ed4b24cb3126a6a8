"""Bounds by time: when schedules are in force, over changes of the clocks too, and which of them rules."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from external_task_operator.cron import last_moment
from external_task_operator.errors import InvalidSpec
from external_task_operator.policy.bounds import bounds_at, highest_maximum, in_force
from external_task_operator.policy.decision import Decision, Reason
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Observation, TopicCount
from external_task_operator.policy.policy import decide
from external_task_operator.spec import ScalerSpec, Schedule, parse

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE: dict[str, Any] = {
    "name": "office",
    "timezone": "Europe/Berlin",
    "start": "0 8 * * 1-5",
    "end": "0 18 * * 1-5",
    "minReplicaCount": 2,
}
NIGHT: dict[str, Any] = {"name": "night", "start": "0 22 * * *", "end": "0 6 * * *", "maxReplicaCount": 3}


def spec(*schedules: dict[str, Any], **fields: Any) -> ScalerSpec:
    return parse(
        {
            "metadata": {},
            "spec": {
                "scaleTargetRef": {"name": "worker"},
                "engine": {"url": "http://engine/engine-rest"},
                "topics": ["t"],
                "maxReplicaCount": 20,
                "schedules": list(schedules),
                **fields,
            },
        }
    )


def berlin(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def utc(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def polled(scaler: ScalerSpec, now: float, tasks: int, replicas: int) -> Decision:
    seen = Observation(replicas, {"t": TopicCount(tasks, 0)})
    return decide(scaler, seen, History(last_active=now - 3600), now)


@pytest.mark.parametrize(
    ("moment", "minimum"),
    [
        ("2027-01-04T07:59:59", 0),  # a Monday
        ("2027-01-04T08:00:00", 2),
        ("2027-01-04T17:59:59", 2),
        ("2027-01-04T18:00:00", 0),
        ("2027-01-09T12:00:00", 0),  # a Saturday
        ("2027-07-05T08:00:00", 2),  # in summer the same by the clock on the wall
        ("2027-07-05T07:59:00", 0),
    ],
)
def test_a_schedule_holds_from_its_start_to_its_end_in_its_time_zone(moment: str, minimum: int) -> None:
    assert bounds_at(spec(OFFICE), berlin(moment)).minimum == minimum


def test_a_schedule_may_last_over_midnight() -> None:
    assert [
        bounds_at(spec(NIGHT), utc(f"2027-01-0{moment}")).maximum
        for moment in ("4T21:59:00", "4T22:00:00", "5T05:59:00", "5T06:00:00")
    ] == [20, 3, 3, 20]


def test_a_start_that_is_skipped_comes_when_the_clocks_are_set_forward() -> None:
    """On 28 March 2027 there is no half past two in Berlin."""
    schedule = Schedule.model_validate(
        OFFICE | {"start": "30 2 * * *", "end": "30 4 * * *", "minReplicaCount": 2}
    )

    assert not in_force(schedule, berlin("2027-03-28T01:59:59"))
    assert in_force(schedule, berlin("2027-03-28T03:00:00"))
    assert in_force(schedule, berlin("2027-03-28T04:29:00"))
    assert not in_force(schedule, berlin("2027-03-28T04:30:00"))


def test_an_end_that_is_skipped_comes_then_too() -> None:
    schedule = Schedule.model_validate(OFFICE | {"start": "0 1 * * *", "end": "30 2 * * *"})

    assert in_force(schedule, berlin("2027-03-28T01:59:59"))
    assert not in_force(schedule, berlin("2027-03-28T03:00:00"))


def test_an_hour_that_is_repeated_starts_a_schedule_once() -> None:
    """On 31 October 2027 the hour from two to three comes twice in Berlin."""
    schedule = Schedule.model_validate(OFFICE | {"start": "30 2 * * *", "end": "45 2 * * *"})
    moments = [
        ("02:29", 0),
        ("02:30", 0),
        ("02:45", 0),
        ("02:29", 1),
        ("02:30", 1),
        ("02:44", 1),
        ("03:00", 0),
    ]

    held = [in_force(schedule, berlin(f"2027-10-31T{moment}:00", fold)) for moment, fold in moments]

    assert held == [False, True, False, False, False, False, False]


def test_a_schedule_that_spans_the_repeated_hour_holds_all_the_time() -> None:
    schedule = Schedule.model_validate(OFFICE | {"start": "30 2 * * *", "end": "0 5 * * *"})
    first, end = berlin("2027-10-31T02:30:00"), berlin("2027-10-31T05:00:00")

    assert end - first == timedelta(hours=3.5).total_seconds()
    assert all(in_force(schedule, first + step) for step in range(0, int(end - first), 60))
    assert not in_force(schedule, end)


def test_the_last_schedule_in_the_list_that_names_a_bound_gives_it() -> None:
    noon = berlin("2027-01-04T12:00:00")
    closed = OFFICE | {"name": "closed", "minReplicaCount": None, "maxReplicaCount": 5}
    ahead = OFFICE | {"name": "ahead", "minReplicaCount": 4}

    bounds = bounds_at(spec(OFFICE, closed, ahead), noon)

    assert (bounds.minimum, bounds.minimum_by) == (4, "ahead")
    assert (bounds.maximum, bounds.maximum_by) == (5, "closed")
    assert bounds.schedules == ("office", "closed", "ahead")
    assert bounds_at(spec(ahead, OFFICE), noon).minimum == 2


def test_the_maximum_is_stronger_than_the_minimum() -> None:
    off = OFFICE | {"name": "off", "minReplicaCount": None, "maxReplicaCount": 0}

    bounds = bounds_at(spec(OFFICE, off), berlin("2027-01-04T12:00:00"))

    assert (bounds.minimum, bounds.maximum) == (0, 0)


def test_the_minimum_of_a_schedule_is_there_at_its_start_and_said() -> None:
    decision = polled(spec(OFFICE), berlin("2027-01-04T08:00:05"), tasks=0, replicas=0)

    assert (decision.replicas, decision.act) == (2, True)
    assert "minReplicaCount is 2 by schedule office" in decision.sentence


def test_the_maximum_of_a_schedule_bounds_and_is_said() -> None:
    decision = polled(spec(NIGHT), utc("2027-01-04T23:00:00"), tasks=500, replicas=0)

    assert decision.replicas == 3
    assert "maxReplicaCount is 3 by schedule night" in decision.sentence


def test_at_its_end_the_target_goes_to_zero_by_the_usual_rules() -> None:
    history, now, replicas = History(), berlin("2027-01-04T17:59:55"), 2
    seen = []
    for _ in range(20):
        decision = decide(spec(OFFICE), Observation(replicas, {"t": TopicCount(0, 0)}), history, now)
        history, replicas, now = decision.history, decision.replicas, now + 5
        seen.append(replicas)

    assert seen[0] == 2
    assert seen[-1] == 0


def test_a_maximum_of_zero_needs_no_cooldown_and_the_highest_one_is_that_of_any_time() -> None:
    off = NIGHT | {"maxReplicaCount": 0}

    decision = polled(spec(off), utc("2027-01-04T23:00:00"), tasks=9, replicas=4)

    assert (decision.replicas, decision.reason) == (0, Reason.SCALE_DOWN)
    assert highest_maximum(spec(off)) == 20
    assert highest_maximum(spec(NIGHT | {"maxReplicaCount": 30})) == 30


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "0 8 * *"}, "spec.schedules.0.start: must be a cron expression of five fields"),
        ({"start": "@daily  x x"}, "spec.schedules.0.start: must be a cron expression of five fields"),
        ({"start": "0 25 * * *"}, "is no cron expression (Bad hour)"),
        ({"start": "0 8 31 2 *"}, "is no cron expression"),
        ({"start": "0 8 * * 1#2/3"}, "is no cron expression"),
        ({"end": "0 8 * * 1-5"}, "start and end must not be the same"),
        ({"timezone": "Europe/Atlantis"}, "'Europe/Atlantis' is no time zone"),
        ({"timezone": "../../etc/passwd"}, "must be the IANA name of a time zone"),
        ({"timezone": "Europe"}, "'Europe' is no time zone"),
        ({"minReplicaCount": None}, "must set minReplicaCount, maxReplicaCount or both"),
        ({"minReplicaCount": 21}, "minReplicaCount of schedule office must not be above"),
        ({"minReplicaCount": 4, "maxReplicaCount": 3}, "minReplicaCount of schedule office must not be"),
        ({"name": "Office"}, "must be the name of an object"),
    ],
)
def test_a_schedule_that_cannot_be_used_is_refused_by_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        spec(OFFICE | changes)

    assert said in str(refused.value)


def test_two_schedules_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="names of their own"):
        spec(OFFICE, OFFICE)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"])
def test_the_last_moment_is_never_in_the_future_and_never_goes_back(zone: str) -> None:
    """Clocks are changed by half an hour on Lord Howe Island."""
    start = utc("2027-03-25T00:00:00")
    moments = [last_moment("15,45 1-3 * * *", zone, start + step) for step in range(0, 20 * 86_400, 1_800)]

    found = [moment for moment in moments if moment is not None]
    assert len(found) == len(moments)
    assert found == sorted(found)
    assert all(moment <= start + n * 1_800 for n, moment in enumerate(found))
