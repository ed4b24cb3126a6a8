"""The table of all faults, for people and for docs/reliability.md."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from chaos.experiment import Row

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
    "drain / outage",
    "calls to services",
)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table of Markdown."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(cells(row))} |" for row in rows)])


def cells(row: Row) -> list[str]:
    """Return a row's texts."""
    found = row.verdict
    counts = (found.lost, found.doubled, found.orphans, found.stuck, found.unordered, found.incomplete)
    ratio = "" if not row.outage else f"{row.drain:.0f} / {row.outage:.0f} = {row.drain / row.outage:.2f}"
    numbers = (row.reservations, row.faults, row.acknowledged, row.ends.get("confirmed", 0), *counts)
    return [row.fault, *map(str, numbers), f"{row.progress:.1f}", ratio, str(row.service_calls)]


def summary(rows: Sequence[Row]) -> str:
    """Return what a person reads first."""
    return f"{len(rows)} kinds of faults, {totals(rows)}"


def totals(rows: Sequence[Row]) -> str:
    """Return the numbers of all rows together, and whether anything is wrong."""
    wrong = [row.fault for row in rows if not row.verdict.holds]
    total = sum(row.reservations for row in rows)
    faults = sum(row.faults for row in rows)
    outcome = f"NOT WELL: {', '.join(wrong)}" if wrong else "nothing lost, doubled, left behind or stuck"
    return f"{faults} faults, {total} reservations: {outcome}"


def caption(seed: int, seconds: float, rate: float) -> str:
    """Return what the figures depend on."""
    machine = f"Linux {platform.release()}, {os.cpu_count()} processors"
    load = f"{rate:g} reservations per second for {seconds:g} s each"
    return f"{datetime.now(UTC):%Y-%m-%d}, seed {seed}, {load}; {machine}."
