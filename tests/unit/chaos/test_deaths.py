"""How long the tasks of dead workers waited: of those that they held, and of no others."""

from typing import Any

from chaos.deaths import Deaths, Resumption, resumption

NOON = 1_893_499_200.0  # 2030-01-01T12:00:00Z
HELD = {("activity-1", "worker-1:aa"): NOON}


def locked(activity: str, holder: str | None) -> dict[str, Any]:
    return {"activityInstanceId": activity, "workerId": holder}


def ended(activity: str, second: int, *, canceled: bool = False) -> dict[str, Any]:
    return {"id": activity, "endTime": f"2030-01-01T12:00:{second:02d}.500+0000", "canceled": canceled}


def test_only_the_tasks_of_the_worker_that_died_are_noted() -> None:
    deaths = Deaths()
    deaths.add(
        "worker-1",
        [
            locked("a", "worker-1:aa"),
            locked("b", "worker-2:bb"),
            locked("c", "worker-10:cc"),
            locked("d", None),
        ],
        NOON,
    )

    assert deaths.held == {("a", "worker-1:aa"): NOON}


def test_a_task_waits_from_the_death_of_its_own_holder() -> None:
    deaths = Deaths()
    deaths.add("worker-1", [locked("a", "worker-1:aa")], NOON)
    # Another worker of that name has come and died; the first one's lock still lasts.
    deaths.add("worker-1", [locked("a", "worker-1:aa"), locked("b", "worker-1:bb")], NOON + 1)

    assert deaths.held == {("a", "worker-1:aa"): NOON, ("b", "worker-1:bb"): NOON + 1}


def test_the_longest_wait_counts() -> None:
    died = {**HELD, ("activity-2", "worker-1:aa"): NOON}

    found = resumption(died, [ended("activity-1", 4), ended("activity-2", 6)])

    assert found == Resumption(tasks=2, seconds=6.5)


def test_the_next_one_that_dies_with_a_task_had_taken_it_over() -> None:
    died = {**HELD, ("activity-1", "worker-2:bb"): NOON + 5, ("activity-1", "worker-1:cc"): NOON + 11}

    assert resumption(died, [ended("activity-1", 14)]) == Resumption(tasks=3, seconds=6)


def test_progress_of_another_task_is_no_resumption() -> None:
    assert resumption(HELD, [ended("activity-9", 1)]) == Resumption()


def test_a_task_that_was_cancelled_did_not_go_on() -> None:
    assert resumption(HELD, [ended("activity-1", 1, canceled=True)]) == Resumption()


def test_a_task_that_was_completed_before_the_death_did_not_wait() -> None:
    died = {("activity-1", "worker-1:aa"): NOON + 30}

    assert resumption(died, [ended("activity-1", 29)]) == Resumption()


def test_a_task_without_an_end_is_no_resumption() -> None:
    assert resumption(HELD, [{"id": "activity-1", "endTime": None, "canceled": False}]) == Resumption()
