"""Break things while reservations run, and print what came of it."""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hotel.names import EngineKind
from support.charts import REPOSITORY
from support.marked_pages import put
from support.small_disk import check_rights

from chaos import backup, report
from chaos.arena import Database, arena
from chaos.experiment import Row, run
from chaos.faults import FAULTS

BACKUPS = 2
"""One after the other, as the databases grow."""

PAGE = REPOSITORY / "docs/reliability.md"


def main() -> int:
    """Run the faults that are asked for, and return 1 if anything is wrong."""
    options = _options()
    print(f"seed {options.seed}: repeat it by make chaos SEED={options.seed}", flush=True)
    rows: list[Row] = []
    chosen = [name for name in FAULTS if _is_chosen(name, options)]
    if any(FAULTS[name].database is Database.ON_SMALL_DISK for name in chosen):
        check_rights()
    for database in Database:
        mine = [name for name in chosen if FAULTS[name].database is database]
        if mine:
            for row in _run(mine, options, database):
                rows.append(row)
                text = report.text(rows, options.seed, options.seconds, options.rate)
                # After each fault, so that a run that is ended early leaves the table of what it did.
                if options.write:
                    put(text, PAGE, report.BEGIN, report.END)
    if rows:
        print(f"\n{text}")
    restored = _back_up(options) if not options.only or "backup" in options.only else []
    return int(not all(row.verdict.holds for row in rows) or not all(each.holds for each in restored))


def _back_up(options: argparse.Namespace) -> list[backup.Restored]:
    print("backup under load, and restore …", flush=True)
    with tempfile.TemporaryDirectory(prefix="hotel-chaos-") as home, arena(Path(home) / "home") as place:
        found = []
        for number in range(BACKUPS):
            found.append(
                backup.run(place, seconds=options.seconds, rate=options.rate, seed=options.seed + number)
            )
            for line in report.problems(found[-1].verdict):
                print(line, flush=True)
    text = f"{report.caption(options.seed, options.seconds, options.rate)}\n\n{report.backups(found)}"
    print(f"\n{text}")
    if options.write:
        put(text, PAGE, report.BACKUP_BEGIN, report.BACKUP_END)
    return found


def _is_chosen(name: str, options: argparse.Namespace) -> bool:
    if any(word in name for word in options.without):
        return False
    return not options.only or any(word in name for word in options.only)


def _run(names: Sequence[str], options: argparse.Namespace, database: Database) -> Iterator[Row]:
    with (
        tempfile.TemporaryDirectory(prefix="hotel-chaos-") as home,
        arena(
            Path(home) / "home", EngineKind(options.engine), database=database, breaker=options.breaker
        ) as place,
    ):
        for name in names:
            print(f"{name} …", flush=True)
            fault = FAULTS[name]
            row = run(place, name, fault, seconds=options.seconds, rate=options.rate, seed=options.seed)
            print(report.result(row), flush=True)
            yield row


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=60.0, help="of load for each fault (60)")
    parser.add_argument("--rate", type=float, default=2.0, help="reservations per second (2)")
    parser.add_argument(
        "--engine", choices=[kind.value for kind in EngineKind], default=EngineKind.OPERATON.value
    )
    parser.add_argument(
        "--breaker", type=int, default=0, help="failures that pause a service's topics (0: never)"
    )
    parser.add_argument("--only", nargs="*", help="faults whose names hold one of these words")
    parser.add_argument("--without", nargs="*", default=[], help="none with these words in their names")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
