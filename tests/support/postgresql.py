"""A PostgreSQL server of the test run's own, in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from hotel.stack.ports import free_port

_PASSWORD = "throw-away"


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """Run a server until the block ends and yield its URL, `postgresql://user:password@host:port/`.

    It waits for its disk only if `durable`, as one must do whose speed is measured.
    """
    with TemporaryDirectory(prefix="hotel-postgresql-") as folder:
        yield from _serve(Path(folder), durable=durable)


def new_database(server: str) -> str:
    """Return the URL of a new, empty database on the server."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server + name


def _serve(folder: Path, *, durable: bool) -> Iterator[str]:
    port = free_port()
    account = _account()
    password_file = folder / "password"
    password_file.write_text(_PASSWORD)
    if account is not None:
        for path in (folder, password_file):
            os.chown(path, account, -1)
    data = folder / "data"
    _run(
        account,
        "initdb",
        "-D",
        str(data),
        "-U",
        "hotel",
        "-A",
        "scram-sha-256",
        f"--pwfile={password_file}",
        "-N",
    )
    fsync = "on" if durable else "off"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync={fsync} -c max_connections=200"
    log = str(folder / "log")
    _run(account, "pg_ctl", "-D", str(data), "-l", log, "-o", options, "-w", "-t", "60", "start")
    try:
        yield f"postgresql://hotel:{_PASSWORD}@127.0.0.1:{port}/"
    finally:
        _run(account, "pg_ctl", "-D", str(data), "-m", "immediate", "-w", "-t", "60", "stop")


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
    as_account = {} if account is None else {"user": account, "group": pwd.getpwuid(account).pw_gid}
    subprocess.run(
        [_find(program), *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        timeout=120,
        **as_account,
    )


def _find(program: str) -> str:
    found = shutil.which(program) or max(
        map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")), default=None
    )
    if found is None:
        raise RuntimeError(f"there is no {program}: install PostgreSQL 14 or newer")
    return found
