"""A backup under load, the loss of all databases, and a restore: what is lost, and how long it takes."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from hotel.errors import ReservationNotFound
from hotel.names import Service
from hotel.stack.databases import PostgreSQLServer
from hotel.stack.engine import ENGINE
from support.charts import REPOSITORY

from chaos.arena import WORKERS, Arena
from chaos.play import Load, steady
from chaos.sweep import Verdict, outcomes_of, sweep

_SCRIPT = REPOSITORY / "charts/hotel/files/backup.sh"
_FIRST_DAY = 20
_END_SECONDS = 240.0
_SECONDS = 600


@dataclass(frozen=True)
class Restored:
    """What a backup was good for.

    Attributes:
        before: reservations that were acknowledged before the backup began.
        later: those that were acknowledged afterwards.
        missing: of those before, the ones that the engine did not know after the restore.
        again: of those later, the ones that the engine did not know, and that were asked for again.
        size: of all databases together, in bytes.
        backup: seconds that the backup took.
        restore: seconds from the first command until all parts worked.
        verdict: what is wrong in the end.
    """

    before: int
    later: int
    missing: int
    again: int
    size: int
    backup: float
    restore: float
    verdict: Verdict

    @property
    def holds(self) -> bool:
        """Whether nothing from before is lost, and nothing is wrong in the end."""
        return not self.missing and self.verdict.holds


def run(arena: Arena, *, seconds: float, rate: float, seed: int) -> Restored:
    """Play a load, back up in its midst, lose everything after it, restore, and let clients ask again.

    Args:
        arena: which stands whole.
        seconds: of load.
        rate: reservations per second.
        seed: of the load.
    """
    name = f"backup-{seed}-{time.monotonic_ns() % 10**9}"
    load = Load(arena.patient_client, arena.stack.client, arena.history, seed, name, _FIRST_DAY, rate)
    player = threading.Thread(target=load.play, args=[steady(rate, seconds)], daemon=True)
    player.start()
    half, until = rate * seconds / 2, time.monotonic() + _END_SECONDS
    while len(load.played.acknowledged) < half and time.monotonic() < until:
        time.sleep(0.1)
    before, cancelled = load.played.acknowledged.copy(), load.played.cancelled.copy()
    server = arena.parts.server
    assert server is not None
    with tempfile.TemporaryDirectory(prefix="hotel-backup-") as folder:
        file = Path(folder) / "hotel.sql"
        began = time.monotonic()
        _back_up(server, Path(folder) / "databases", file)
        backup = time.monotonic() - began
        player.join()
        outcomes_of(arena.stack.client, load.played.acknowledged, _END_SECONDS)
        size = _size(server)
        began = time.monotonic()
        _restore(arena, server, file)
        restore = time.monotonic() - began
    # What was acknowledged after the backup may be lost; its clients ask for it once more. A cancellation
    # that the engine does not know has left its marks in services whose part of the backup is younger.
    known = _known(arena, load.played.acknowledged)
    load.start_again(load.played.acknowledged - known)
    later = load.played.acknowledged - before
    load.cancel_again(load.played.cancelled - cancelled)
    outcomes = outcomes_of(arena.stack.client, load.played.acknowledged | load.played.unknown, _END_SECONDS)
    # The room service's answers of before and after are those of two different pasts, so none are compared.
    return Restored(
        before=len(before),
        later=len(later),
        missing=len(before - known),
        again=len(later - known),
        size=size,
        backup=backup,
        restore=restore,
        verdict=sweep(arena, load.played, outcomes, []),
    )


def script(folder: Path, user: str) -> str:
    """Return the chart's script for other places than those of the pod.

    Args:
        folder: with a file for each database, that holds its name.
        user: of the database server.

    Raises:
        RuntimeError: the script is not what was expected.
    """
    text = _SCRIPT.read_text("utf-8")
    for there, here in {"cd /databases\n": f"cd {folder}\n", "=postgres ": f"={user} "}.items():
        if text.count(there) != 1:
            raise RuntimeError(f"{_SCRIPT} does not hold {there!r} once")
        text = text.replace(there, here)
    return text


def _back_up(server: PostgreSQLServer, folder: Path, file: Path) -> None:
    """Run the chart's own script, with this server's databases for those of the pod."""
    folder.mkdir()
    for part in (ENGINE, *Service):
        (folder / part).write_text(server.name_of(part))
    here = script(folder, server.user)
    with file.open("wb") as output:
        subprocess.run(
            ["sh", "-c", here], env=_environment(server), stdout=output, check=True, timeout=_SECONDS
        )


def _restore(arena: Arena, server: PostgreSQLServer, file: Path) -> None:
    """Stop everything, put the backup in the place of all databases, and start everything."""
    arena.parts.stop_parts([*arena.stack.workers, *Service, ENGINE])
    command = ("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--username={server.user}")
    subprocess.run(
        [*command, "--dbname=postgres", f"--file={file}"],
        env=_environment(server),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=_SECONDS,
    )
    arena.start_again(ENGINE)
    for name in Service:
        arena.start_again(name)
    for _ in range(WORKERS):
        arena.start_worker()
    arena.wait_until_ready()


def _environment(server: PostgreSQLServer) -> Mapping[str, str]:
    login = {"PGHOST": server.host, "PGPORT": str(server.port), "PGPASSWORD": server.password}
    return {**os.environ, **login}


def _size(server: PostgreSQLServer) -> int:
    """Return the bytes of all databases."""
    query = "SELECT sum(pg_database_size(datname))::bigint FROM pg_database WHERE datname = ANY(%s)"
    with psycopg.connect(server.url_of("postgres")) as connection:
        row = connection.execute(query, [server.database_names()]).fetchone()
    assert row is not None
    return int(row[0])


def _known(arena: Arena, references: Collection[str]) -> set[str]:
    """Return those of the reservations that the engine knows."""
    found = set()
    for reference in references:
        with suppress(ReservationNotFound):
            arena.stack.client.get(reference)
            found.add(reference)
    return found
