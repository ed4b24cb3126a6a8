import pytest
from external_task_operator.policy.history import History
from external_task_operator.policy.observation import Observation, TopicCount
from external_task_operator.policy.recommendation import assess
from external_task_operator.spec import ScalerSpec

NOW = 10_000.0


def spec(**target: float) -> ScalerSpec:
    return ScalerSpec.model_validate(
        {
            "scaleTargetRef": {"name": "worker"},
            "engine": {"url": "http://engine/engine-rest"},
            "topics": ["t"],
            "target": target,
        }
    )


def seen(unlocked: int, locked: int, replicas: int = 0, oldest: float | None = None) -> Observation:
    return Observation(replicas, {"t": TopicCount(unlocked, locked)}, oldest_seconds=oldest)


@pytest.mark.parametrize(
    ("unlocked", "locked", "replicas"),
    [(0, 0, 0), (1, 0, 1), (5, 0, 1), (6, 0, 2), (34, 0, 7), (0, 11, 3), (7, 5, 3), (1000, 0, 200)],
)
def test_tasks_per_replica_counts_waiting_and_locked_tasks(unlocked: int, locked: int, replicas: int) -> None:
    assert assess(spec(tasksPerReplica=5), seen(unlocked, locked), History(), NOW).replicas == replicas


@pytest.mark.parametrize(
    ("unlocked", "locked", "replicas"),
    [
        (600, 0, 5),  # 600 tasks of 2 s in 30 s take 40 slots: 5 replicas of 8
        (600, 40, 12),  # and 40 in work at 80 % take 50 slots more: 90 / 8
        (0, 32, 5),  # steady state: 32 busy slots are 80 % of 5 replicas of 8
        (1, 0, 1),
        (0, 0, 0),
    ],
)
def test_drain_seconds_adds_the_slots_for_the_backlog_to_those_in_use(
    unlocked: int, locked: int, replicas: int
) -> None:
    target = spec(tasksPerReplica=8, drainSeconds=30, averageTaskSeconds=2)

    assert assess(target, seen(unlocked, locked), History(), NOW).replicas == replicas


def test_a_replica_without_a_task_is_never_asked_for() -> None:
    target = spec(tasksPerReplica=1, drainSeconds=1, averageTaskSeconds=60)

    assert assess(target, seen(3, 0), History(), NOW).replicas == 3


@pytest.mark.parametrize(
    ("tasks", "replicas"),
    [(50, 10), (55, 10), (56, 12), (45, 10), (44, 9), (0, 0)],
)
def test_a_tenth_off_the_target_is_tolerated(tasks: int, replicas: int) -> None:
    assert assess(spec(tasksPerReplica=5), seen(tasks, 0, replicas=10), History(), NOW).replicas == replicas


def test_tolerance_is_a_setting_of_each_direction() -> None:
    strict = spec(tasksPerReplica=5).model_copy(
        update={
            "behavior": spec().behavior.model_validate(
                {"scaleUp": {"tolerance": 0}, "scaleDown": {"tolerance": 0.5}}
            )
        }
    )

    assert assess(strict, seen(51, 0, replicas=10), History(), NOW).replicas == 11
    assert assess(strict, seen(25, 0, replicas=10), History(), NOW).replicas == 10


class TestMaxTaskAge:
    limit = spec(tasksPerReplica=100, maxTaskAgeSeconds=60)

    @pytest.mark.parametrize(
        ("oldest", "replicas"),
        [(60, 1), (61, 5), (90, 6), (120, 8), (6000, 8)],
    )
    def test_replicas_grow_by_how_much_too_old_the_oldest_task_is(self, oldest: float, replicas: int) -> None:
        recommendation = assess(self.limit, seen(40, 0, replicas=4, oldest=oldest), History(), NOW)

        assert recommendation.replicas == replicas
        assert recommendation.too_old == (oldest > 60)

    def test_new_replicas_get_time_to_work_before_more_are_added(self) -> None:
        just_scaled = History(last_scale=NOW - 30)
        long_ago = History(last_scale=NOW - 60)

        assert assess(self.limit, seen(40, 0, 4, oldest=90), just_scaled, NOW).replicas == 4
        assert assess(self.limit, seen(40, 0, 4, oldest=90), long_ago, NOW).replicas == 6

    def test_an_old_task_alone_asks_for_no_more_replicas_than_tasks(self) -> None:
        assert assess(self.limit, seen(1, 0, replicas=1, oldest=9999), History(), NOW).replicas == 1
