from hotel.errors import Unreachable
from hotel.tasks.backlog import CLUSTER, ENGINE, Backlog
from hotel.tasks.topics import TopicCount

AWAY = Unreachable("the engine is not reachable")


def count(unlocked: int) -> list[TopicCount]:
    return [TopicCount("block-room", unlocked=unlocked, locked=0, failed=0, suspended=0)]


def test_the_same_counts_are_no_change_whenever_they_were_counted() -> None:
    assert Backlog(count(1), []).resembles(Backlog(count(1), []))
    assert not Backlog(count(1), []).resembles(Backlog(count(2), []))


def test_a_problem_that_stays_is_no_change_whatever_its_words() -> None:
    before = Backlog(None, [], {ENGINE: AWAY})

    assert Backlog(None, [], {ENGINE: Unreachable("and other words")}).resembles(before)
    assert not Backlog(None, [], {CLUSTER: AWAY}).resembles(before)
    assert not Backlog(None, [], {}).resembles(before)


def test_what_is_not_told_stays_as_it_was_known() -> None:
    known = Backlog(count(3), [])

    completed = Backlog(None, None, {ENGINE: AWAY, CLUSTER: AWAY}).completed_by(known)

    assert (completed.topics, completed.scalers) == (count(3), [])
    assert completed.problems.keys() == {ENGINE, CLUSTER}


def test_scalers_that_are_gone_do_not_stay() -> None:
    assert Backlog(count(1), []).completed_by(Backlog(count(1), None)).scalers == []
