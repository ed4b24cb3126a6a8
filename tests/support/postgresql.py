"""A PostgreSQL server of the test run's own, in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from hotel.ports import free_port

from support.small_disk import SmallDisk, small_disk

_PASSWORD = "throw-away"
_SMALL_DISK_MEGABYTES = 512


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs.

    Attributes:
        url: `postgresql://user:password@host:port/`.
    """

    url: str
    _data: Path
    _options: str
    _account: int | None

    def restart(self) -> None:
        """Stop it without waiting for its clients, as when its pod is deleted, and start it again."""
        self._control("restart", "-m", "fast")

    def start(self) -> None:
        self._control("start")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rsplit(":", 1)[1].strip("/"))

    @property
    def is_running(self) -> bool:
        """Whether its first process lives."""
        try:
            _run(self._account, "pg_ctl", "status", "-D", str(self._data))
        except subprocess.CalledProcessError:
            return False
        return True

    def promote(self) -> None:
        """Make a standby the primary."""
        self._control("promote")

    def _control(self, verb: str, *mode: str) -> None:
        log = str(self._data.parent / "log")
        options = () if verb in {"stop", "promote"} else ("-l", log, "-o", self._options)
        _run(self._account, "pg_ctl", verb, *mode, *options, "-D", str(self._data), "-w", "-t", "60")


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """Run a server until the block ends and yield its URL.

    It waits for its disk only if `durable`, as one must do whose speed is measured.
    """
    with running_postgresql(durable=durable) as server:
        yield server.url


@contextmanager
def running_postgresql(*, durable: bool = False, settings: Sequence[str] = ()) -> Iterator[PostgreSQL]:
    """Run a server until the block ends and yield what controls it.

    Args:
        durable: whether it waits for its disk.
        settings: more of them, each as `name=value`.
    """
    with TemporaryDirectory(prefix="hotel-postgresql-") as folder:
        server = _created(Path(folder), durable=durable, settings=settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql_on_small_disk() -> Iterator[tuple[PostgreSQL, SmallDisk]]:
    """Run a server until the block ends whose disk can be filled up.

    Its log of changes is in small files, so that it soon needs a new one.

    Raises:
        PermissionError: only root may mount a disk.
    """
    with (
        TemporaryDirectory(prefix="hotel-postgresql-") as folder,
        small_disk(Path(folder), megabytes=_SMALL_DISK_MEGABYTES) as disk,
    ):
        sizes = ("min_wal_size=2MB", "max_wal_size=8MB", "wal_recycle=off")
        server = _created(Path(folder), durable=True, settings=sizes, initial=("--wal-segsize=1",))
        server.start()
        try:
            yield server, disk
        finally:
            disk.free()
            if server.is_running:
                server.stop()


@contextmanager
def running_standby(primary: PostgreSQL) -> Iterator[PostgreSQL]:
    """Run a standby until the block ends; from now on the primary confirms no commit that it lacks."""
    with TemporaryDirectory(prefix="hotel-standby-") as folder:
        place, port = Path(folder), free_port()
        if primary._account is not None:
            os.chown(place, primary._account, -1)
        data = place / "data"
        copy = (
            "pg_basebackup",
            "-d",
            f"{primary.url}postgres",
            "-D",
            str(data),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        _run(primary._account, *copy)
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c max_connections=200"
        url = f"postgresql://hotel:{_PASSWORD}@127.0.0.1:{port}/"
        standby = PostgreSQL(url, data, options, primary._account)
        standby.start()
        try:
            with psycopg.connect(f"{primary.url}postgres", autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
            yield standby
        finally:
            standby.stop()


def postmaster(server: str) -> int:
    """Return the id of the first process of the server at a URL; all its others are that one's children."""
    with psycopg.connect(f"{server}postgres") as connection:
        row = connection.execute(
            "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::integer"
        ).fetchone()
    assert row is not None
    return int(row[0])


def new_database(server: str) -> str:
    """Return the URL of a new, empty database on the server."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server + name


def _created(
    folder: Path, *, durable: bool, settings: Sequence[str], initial: Sequence[str] = ()
) -> PostgreSQL:
    port = free_port()
    account = _account()
    password_file = folder / "password"
    password_file.write_text(_PASSWORD)
    if account is not None:
        for path in (folder, password_file):
            os.chown(path, account, -1)
    data = folder / "data"
    access = ("-U", "hotel", "-A", "scram-sha-256", f"--pwfile={password_file}")
    _run(account, "initdb", "-D", str(data), *access, *initial, "-N")
    fsync = "on" if durable else "off"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync={fsync} -c max_connections=200"
    options += "".join(f" -c {setting}" for setting in settings)
    return PostgreSQL(f"postgresql://hotel:{_PASSWORD}@127.0.0.1:{port}/", data, options, account)


def _account() -> int | None:
    # PostgreSQL refuses to be run by root.
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise RuntimeError("there is no account besides root that could run PostgreSQL")


def _run(account: int | None, program: str, *arguments: str) -> None:
    subprocess.run(
        [_find(program), *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        timeout=120,
        user=account,
        group=None if account is None else pwd.getpwuid(account).pw_gid,
    )


def _find(program: str) -> str:
    found = shutil.which(program) or max(
        map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")), default=None
    )
    if found is None:
        raise RuntimeError(f"there is no {program}: install PostgreSQL 14 or newer")
    return found


def engine_on(url: str) -> dict[str, str]:
    """Return the settings of an engine that keeps its data at a server's URL."""
    credentials, _, address = url.removeprefix("postgresql://").partition("@")
    user, _, password = credentials.partition(":")
    return {
        "ENGINE_DATABASE_URL": f"jdbc:postgresql://{address}postgres",
        "ENGINE_DATABASE_USER": user,
        "ENGINE_DATABASE_PASSWORD": password,
    }


def slow_down(database: "psycopg.Connection[Any]", event: str, table: str, seconds: float) -> None:
    """Let each row of a table take so long at an event: INSERT or UPDATE."""
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$;"
        f"CREATE TRIGGER slow BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION slow();"
    )
