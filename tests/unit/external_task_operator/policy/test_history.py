import random

from external_task_operator.policy.history import History, Run

NOW = 1000.0


def test_an_unchanged_recommendation_prolongs_its_run() -> None:
    history = History()
    for second in range(0, 50, 5):
        history = history.recommended(3, NOW + second, up_window=0, down_window=60)

    assert history.runs == (Run(3, NOW, NOW + 45),)


def test_a_scale_event_is_remembered_for_the_longest_period_only() -> None:
    history = History().scaled(+2, NOW, keep_seconds=60).scaled(-1, NOW + 59, keep_seconds=60)

    assert history.changes_since(NOW - 1) == (2, 1)
    assert history.scaled(+5, NOW + 60, keep_seconds=60).changes_since(0) == (5, 1)
    assert history.last_scale == NOW + 59


def test_without_policies_no_scale_event_is_kept() -> None:
    assert History().scaled(+2, NOW, keep_seconds=0).events == ()


def test_after_a_gap_the_last_recommendation_counts_as_still_made() -> None:
    history = History(runs=(Run(8, NOW, NOW + 5), Run(2, NOW + 10, NOW + 15)))

    resumed = history.resumed(NOW + 500)

    assert resumed.runs == (Run(8, NOW, NOW + 5), Run(2, NOW + 10, NOW + 500))
    assert History().resumed(NOW) == History()


def test_forgetting_never_changes_what_the_windows_say() -> None:
    """The pruned list answers like a list of all samples, as the HPA keeps it, at every later moment too."""
    rng = random.Random(7)
    for up_window, down_window in [(0, 60), (30, 60), (60, 30), (45, 300)]:
        history = History()
        samples: list[tuple[float, int]] = []
        for poll in range(600):
            now = NOW + 5 * poll
            recommended = max(0, (samples[-1][1] if samples else 5) + rng.choice([-3, -1, 0, 0, 1, 2]))
            ups = [value for at, value in samples if at > now - up_window]
            downs = [value for at, value in samples if at > now - down_window]
            kept_ups = history.recommendations_since(now - up_window)
            kept_downs = history.recommendations_since(now - down_window)
            assert min([recommended, *kept_ups]) == min([recommended, *ups])
            assert max([recommended, *kept_downs]) == max([recommended, *downs])
            history = history.recommended(recommended, now, up_window=up_window, down_window=down_window)
            samples.append((now, recommended))


def test_the_list_is_bounded_by_the_replicas_not_by_the_polls() -> None:
    history = History()
    for poll in range(5000):
        history = history.recommended(poll % 7, NOW + poll, up_window=3600, down_window=3600)

    assert len(history.runs) <= 14


def test_an_hour_of_a_shrinking_backlog_does_not_fill_the_status() -> None:
    """Every recommendation is lower than all before: each is the highest of some later window."""
    history = History()
    for poll in range(3600):
        history = history.recommended(10_000 - poll, NOW + poll, up_window=0, down_window=3600)

    assert len(history.runs) <= 62
    for ago in (10, 600, 3000):
        kept = max(history.recommendations_since(NOW + 3599 - ago))
        assert 6400 + ago <= kept <= 6400 + ago + 60, "never lower, and higher by what a slot lasts at most"


def test_many_small_steps_do_not_fill_the_status_and_all_count() -> None:
    history = History()
    for poll in range(1800):
        history = history.scaled(+1, NOW + poll, keep_seconds=1800)

    assert len(history.events) <= 62
    assert history.changes_since(0) == (1800, 0)
    assert 600 <= history.changes_since(NOW + 1799 - 600)[0] <= 630
