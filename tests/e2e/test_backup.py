"""Backup and restore, as docs/kubernetes.md tells it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bookings import bookings, write_csv
from support.charts import REPOSITORY
from support.cluster import CommandFailedError, Release
from support.documented import console_blocks
from support.guests import guest
from support.hotel_command import HotelCommand
from support.waiting import eventually

BACKUP, RESTORE = console_blocks(REPOSITORY / "docs/kubernetes.md", "Back up and restore")
SECONDS = 400
LOST = ("engine", "booking")


@pytest.fixture
def shell(hotel: Release, tmp_path: Path) -> Callable[[str], str]:
    """Run commands of the document in an empty folder, with the release's namespace for the document's."""

    def run(script: str) -> str:
        there = script.replace("-n hotel ", f"-n {hotel.namespace} ")
        assert there != script
        return hotel.cluster.run("bash", "-euc", f"cd {tmp_path}\n{there}", seconds=SECONDS)

    return run


def test_what_a_backup_holds_a_restore_brings_back(
    hotel: Release, shell: Callable[[str], str], tmp_path: Path, note: Callable[[str], None]
) -> None:
    replay = (
        "replay",
        str(write_csv(tmp_path / "rows.csv", bookings(30, seed=5))),
        "--run-id",
        "backup",
        "--json",
    )
    with hotel.command(tmp_path) as run:
        under_way = run.begin(*replay)
        eventually(lambda: len(references(run)) >= 10, seconds=60, every=0.5)
        known = references(run)
        shell(BACKUP)
        out, problems = under_way.communicate(timeout=SECONDS)
        assert under_way.returncode == 0, out + problems
        later = run("reserve", *guest(), "--json").json["reference"]
        assert_half_a_backup_is_refused(shell)
        assert known | {later} <= references(run)
    for database in LOST:
        destroy(hotel, database)
    began = time.monotonic()

    shell(RESTORE)

    note(f"restore: ready again {time.monotonic() - began:.0f} s after its first command")
    with hotel.command(tmp_path) as run:
        restored = references(run)
        assert known <= restored
        assert later not in restored
        # The second run: what was under way in the backup ends, what it lacks is made, all invariants hold.
        again = run(*replay)
    assert again.code == 0, again.out + again.err


def assert_half_a_backup_is_refused(shell: Callable[[str], str]) -> None:
    restore = RESTORE.splitlines()[0].replace("hotel.sql", "half.sql")
    with pytest.raises(CommandFailedError, match="not complete, so nothing was changed"):
        shell(f"head --lines=100 hotel.sql > half.sql\n{restore}")


def references(run: HotelCommand) -> set[str]:
    """Return the references of all reservations that the engine knows."""
    listed = run("list", "--limit", "10000", "--json")
    assert listed.code == 0, listed.err
    return {item["reference"] for item in listed.json["items"]}


def destroy(release: Release, database: str) -> None:
    place = ("exec", f"{release.name}-postgresql-0", "--namespace", release.namespace)
    psql = ("psql", "--username=postgres", f"--command=DROP DATABASE {database} WITH (FORCE)")
    release.cluster.kubectl(*place, "--container=postgresql", "--", *psql)
