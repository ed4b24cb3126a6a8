"""A PostgreSQL server of the test run's own, in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from hotel.stack.ports import free_port

_PASSWORD = "throw-away"


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

    def _control(self, verb: str, *mode: str) -> None:
        log = str(self._data.parent / "log")
        options = () if verb == "stop" else ("-l", log, "-o", self._options)
        _run(self._account, "pg_ctl", verb, *mode, *options, "-D", str(self._data), "-w", "-t", "60")


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """Run a server until the block ends and yield its URL.

    It waits for its disk only if `durable`, as one must do whose speed is measured.
    """
    with running_postgresql(durable=durable) as server:
        yield server.url


@contextmanager
def running_postgresql(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server until the block ends and yield what controls it."""
    with TemporaryDirectory(prefix="hotel-postgresql-") as folder:
        server = _created(Path(folder), durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def new_database(server: str) -> str:
    """Return the URL of a new, empty database on the server."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server + name


def _created(folder: Path, *, durable: bool) -> PostgreSQL:
    port = free_port()
    account = _account()
    password_file = folder / "password"
    password_file.write_text(_PASSWORD)
    if account is not None:
        for path in (folder, password_file):
            os.chown(path, account, -1)
    data = folder / "data"
    access = ("-U", "hotel", "-A", "scram-sha-256", f"--pwfile={password_file}")
    _run(account, "initdb", "-D", str(data), *access, "-N")
    fsync = "on" if durable else "off"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync={fsync} -c max_connections=200"
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
