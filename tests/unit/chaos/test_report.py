"""The report of a run: every figure under its head, beside what the documentation promises."""

from dataclasses import replace
from pathlib import Path

from chaos import report
from chaos.backup import Restored, script
from chaos.deaths import Resumption
from chaos.experiment import Row
from chaos.sweep import Verdict

WELL = Verdict(0, 0, 0, 0, 0, 0)
ROW = Row(
    fault="worker killed",
    reservations=36,
    faults=12,
    acknowledged=35,
    ends={"confirmed": 26},
    verdict=WELL,
    progress=0.4,
    steps={},
    goodput=None,
    resumed=Resumption(14, 6.25),
    drain=2.0,
    outage=None,
    service_calls=336,
)
GONE = replace(ROW, fault="all workers gone", resumed=Resumption(2, 24.0), drain=10.0, outage=20.0)
RESTORED = Restored(
    before=20, later=16, missing=0, again=9, size=52_000_000, backup=1.2, restore=21.0, verdict=WELL
)


def told(row: Row) -> dict[str, str]:
    return dict(zip(report.HEAD, report.cells(row), strict=True))


def test_each_figure_stands_under_its_head() -> None:
    row = told(replace(ROW, goodput=(1.9, 2.05)))

    assert row["tasks of dead workers"] == "14"
    assert row["resumed in, s"] == "6.2"
    assert row["goodput before and after, 1/s"] == "1.9 → 2.0"
    assert row["calls to services"] == "336"
    assert told(GONE)["drain / outage"] == "10 / 20 = 0.50"


def test_a_run_in_which_no_worker_died_has_no_resumption() -> None:
    row = told(replace(ROW, resumed=Resumption()))

    assert row["tasks of dead workers"] == row["resumed in, s"] == ""


def test_the_summary_compares_with_what_is_promised() -> None:
    said = report.summary([ROW, GONE])

    # While no worker was left, nobody could take over.
    assert "14 tasks of dead workers done after 6.2 s at most (to be 9)" in said
    assert "drain / outage 0.50 at most (to be 1)" in said
    assert "nothing lost" in said


def test_the_summary_names_what_is_wrong() -> None:
    assert "NOT WELL: worker killed" in report.summary([replace(ROW, verdict=replace(WELL, lost=1)), GONE])


def test_the_steps_at_which_workers_died_are_told() -> None:
    said = report.text([replace(ROW, steps={"before complete": 3, "during complete": 1})], 7, 18, 2)

    assert "Worker killed: 3 before complete, 1 during complete." in said


def test_a_backup_that_lacks_what_came_before_it_is_not_well() -> None:
    assert RESTORED.holds
    assert not replace(RESTORED, missing=1).holds
    assert not replace(RESTORED, verdict=replace(WELL, orphans=1)).holds


def test_each_figure_of_a_backup_stands_under_its_head() -> None:
    head, _, line = report.backups([RESTORED]).splitlines()
    row = dict(zip(head.split(" | "), line.split(" | "), strict=True))

    assert row["databases, MB"] == "52"
    assert row["of these asked for again"] == "9"


def test_the_charts_script_is_run_in_another_place() -> None:
    text = script(Path("/elsewhere"), "hotel")

    assert "cd /elsewhere\n" in text
    assert "--username=hotel " in text
    assert "/databases" not in text
