from pathlib import Path

from versus.figures import Event, Sample, figures, row
from versus.report import days, read, table, write

EVENTS = [
    Event("begun", "a", "pod-1", 100.0, 104.0),
    Event("done", "a", "pod-1", 100.0, 106.0),
    Event("begun", "b", "pod-1", 101.0, 105.0),
    Event("begun", "b", "pod-2", 101.0, 135.0),
    Event("done", "b", "pod-1", 101.0, 137.0),
    Event("done", "b", "pod-2", 101.0, 138.0),
]
SAMPLES = [
    Sample(0, 0, 0, 0),
    Sample(2, 2, 0, 2),
    Sample(5, 2, 2, 2),
    Sample(38, 1, 1, 2),
    Sample(60, 0, 0, 1),
    Sample(62, 0, 0, 0),
]


def test_the_figures_of_a_run_come_from_events_and_samples() -> None:
    found = figures(EVENTS, SAMPLES, began=100.0)

    assert (found.first_scale, found.full_size, found.drained) == (2, 5, 38.0)
    assert found.waits == (4.0, 4.0)
    assert found.replica_seconds == 2 * 3 + 2 * 33 + 2 * 22 + 1 * 2
    assert (found.scalings, found.taken_at_work, found.done_twice, found.tasks) == (3, 1, 1, 2)


def test_a_row_has_medians_and_sums_what_must_not_happen() -> None:
    run = figures(EVENTS, SAMPLES, began=100.0)

    cells = row("burst", "KEDA", [run, run, run])

    assert cells == ["burst", "KEDA", "3", "2.0", "5.0", "38", "4.0", "4.0", "4.0", "118", "3", "3", "3"]


def test_runs_are_read_as_they_were_written(tmp_path: Path) -> None:
    outcomes = {"burst": {"KEDA": [figures(EVENTS, SAMPLES, began=100.0)]}}

    write(outcomes, tmp_path / "runs.json")

    assert read(tmp_path / "runs.json") == outcomes
    assert table(outcomes).splitlines()[-1].startswith("| burst | KEDA | 1 | 2.0 |")


def test_of_the_samples_those_are_kept_in_which_something_changed() -> None:
    samples = [Sample(at, at // 2, at // 2, at // 2) for at in range(6)]

    found = figures(EVENTS, samples, began=100.0)

    assert found.samples == (samples[0], samples[2], samples[4], samples[5])
    assert found.replica_seconds == 1 + 1 + 2


def test_the_days_of_all_runs_are_named() -> None:
    first, last = (figures(EVENTS, SAMPLES, began=began) for began in (0.0, 2 * 86_400.0))

    assert days({"burst": {"KEDA": [last, first]}}) == "1970-01-01 to 1970-01-03"
    assert days({"burst": {"KEDA": [first]}}) == "1970-01-01"
