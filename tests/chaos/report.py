"""The table of all faults, for people and for docs/reliability.md."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from chaos.arena import LOCK_SECONDS
from chaos.backup import Restored
from chaos.experiment import Row
from chaos.sweep import Verdict

RESUME_SECONDS = LOCK_SECONDS + 5
"""After a worker's death, until another one has done what it held."""

MOST_PROBLEMS = 20
"""That are printed of a row; one fault may leave hundreds that are alike."""

BACKUP_BEGIN, BACKUP_END = "<!-- backup: begin -->", "<!-- backup: end -->"
BACKUP_HEAD = (
    "acknowledged before the backup",
    "of these lost",
    "acknowledged later",
    "of these asked for again",
    "doubled",
    "orphans",
    "stuck",
    "databases, MB",
    "backup, s",
    "restore, s",
)
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
HEAD = (
    "fault",
    "reservations",
    "faults",
    "acknowledged",
    "confirmed",
    "lost",
    "doubled",
    "orphans",
    "stuck",
    "out of order",
    "without an end",
    "first progress, s",
    "tasks of dead workers",
    "resumed in, s",
    "goodput before and after, 1/s",
    "drain / outage",
    "calls to services",
)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table of Markdown."""
    return _markdown(HEAD, "| --- |" + " ---: |" * (len(HEAD) - 1), map(cells, rows))


def backups(found: Sequence[Restored]) -> str:
    """Return a table of backups and restores."""
    return _markdown(BACKUP_HEAD, "|" + " ---: |" * len(BACKUP_HEAD), map(_backup_cells, found))


def _markdown(head: Sequence[str], aligned: str, rows: Iterable[Sequence[str]]) -> str:
    first, *others = (f"| {' | '.join(row)} |" for row in (head, *rows))
    return "\n".join([first, aligned, *others])


def _backup_cells(found: Restored) -> list[str]:
    wrong = found.verdict
    numbers = (
        found.before,
        found.missing,
        found.later,
        found.again,
        wrong.doubled,
        wrong.orphans,
        wrong.stuck,
    )
    return [*map(str, numbers), f"{found.size / 1e6:.0f}", f"{found.backup:.1f}", f"{found.restore:.1f}"]


def steps(rows: Sequence[Row]) -> str:
    """Return at which steps of their work workers died, a paragraph for each fault that chose them."""
    found = [row for row in rows if row.steps]
    return "\n\n".join(
        f"{row.fault[0].upper()}{row.fault[1:]}: "
        + ", ".join(f"{count} {step}" for step, count in sorted(row.steps.items()))
        + "."
        for row in found
    )


def text(rows: Sequence[Row], seed: int, seconds: float, rate: float) -> str:
    """Return the figures of a run in Markdown."""
    parts = [caption(seed, seconds, rate), table(rows), steps(rows), f"{summary(rows)}."]
    return "\n\n".join(part for part in parts if part)


def cells(row: Row) -> list[str]:
    """Return a row's texts."""
    found = row.verdict
    counts = (found.lost, found.doubled, found.orphans, found.stuck, found.unordered, found.incomplete)
    ratio = "" if not row.outage else f"{row.drain:.0f} / {row.outage:.0f} = {row.drain / row.outage:.2f}"
    numbers = (row.reservations, row.faults, row.acknowledged, row.ends.get("confirmed", 0), *counts)
    resumed = [str(row.resumed.tasks), f"{row.resumed.seconds:.1f}"] if row.resumed.tasks else ["", ""]
    goodput = " → ".join(f"{each:.1f}" for each in row.goodput or ())
    figures = [f"{row.progress:.1f}", *resumed, goodput, ratio, str(row.service_calls)]
    return [row.fault, *map(str, numbers), *figures]


def result(row: Row) -> str:
    """Return what to print when a row is done: its figures by their heads, and what is wrong."""
    figures = dict(zip(HEAD[1:], cells(row)[1:], strict=True))
    return "\n".join([f"  {row.fault}: {figures} {dict(row.ends)}", *problems(row.verdict)])


def problems(found: Verdict) -> list[str]:
    """Return the first lines of what is wrong."""
    return [f"  {problem}" for problem in found.problems[:MOST_PROBLEMS]]


def summary(rows: Sequence[Row]) -> str:
    """Return what a person reads first."""
    return f"{len(rows)} kinds of faults, {totals(rows)}"


def totals(rows: Sequence[Row]) -> str:
    """Return the numbers of all rows together, whether anything is wrong, and how long recovery took."""
    wrong = [row.fault for row in rows if not row.verdict.holds]
    total = sum(row.reservations for row in rows)
    faults = sum(row.faults for row in rows)
    outcome = f"NOT WELL: {', '.join(wrong)}" if wrong else "nothing lost, doubled, left behind or stuck"
    found = [f"{faults} faults, {total} reservations: {outcome}"]
    # While no worker is left, nobody can take over.
    resumed = [row.resumed for row in rows if row.resumed.tasks and not row.outage]
    if resumed:
        tasks, longest = sum(each.tasks for each in resumed), max(each.seconds for each in resumed)
        found.append(
            f"{tasks} tasks of dead workers done after {longest:.1f} s at most (to be {RESUME_SECONDS:g})"
        )
    if ratios := [row.drain / row.outage for row in rows if row.outage]:
        found.append(f"drain / outage {max(ratios):.2f} at most (to be 1)")
    return "; ".join(found)


def caption(seed: int, seconds: float, rate: float) -> str:
    """Return what the figures depend on."""
    machine = f"Linux {platform.release()}, {os.cpu_count()} processors"
    load = f"{rate:g} reservations per second for {seconds:g} s each"
    return f"{datetime.now(UTC):%Y-%m-%d}, seed {seed}, {load}; {machine}."
