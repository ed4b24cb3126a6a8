"""What a stack remembers in its home folder between commands."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hotel.errors import StackError
from hotel.stack.credentials import Credentials
from hotel.stack.databases import PostgreSQLServer
from hotel.stack.names import EngineKind
from hotel.stack.ports import Ports
from hotel.stack.process import ProcessRecord

_FILE = "stack.json"


class StackState(BaseModel):
    """A stack as it was last started.

    Attributes:
        version: the file's format.
        engine: the kind of engine.
        ports: where the parts listen.
        credentials: the engine's users and the services' token; they stay the same as long as the data does.
        database: URL of the PostgreSQL server, None where the data is in files.
        password_shown: whether the user has been shown the administrator's password.
        processes: what was started and not yet stopped.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    engine: EngineKind
    ports: Ports
    credentials: Credentials
    database: str | None = Field(default=None, repr=False)
    password_shown: bool = False
    processes: tuple[ProcessRecord, ...] = ()

    @classmethod
    def load(cls, home: Path) -> Self | None:
        """Return the state kept in a home folder, None if there is none.

        Raises:
            StackError: the file cannot be understood.
        """
        file = home / _FILE
        try:
            return cls.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise StackError(
                f"{file} cannot be read: {str(error).splitlines()[0]}; "
                "stop what it started by hand, then remove it"
            ) from error

    def save(self, home: Path) -> None:
        """Keep the state, readable by its owner alone: it holds passwords."""
        draft = home / f"{_FILE}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.model_dump_json(indent=2))
        draft.replace(home / _FILE)

    @property
    def server(self) -> PostgreSQLServer | None:
        """The PostgreSQL server under the stack, None where its data is in files."""
        return PostgreSQLServer.from_url(self.database) if self.database else None

    def running(self) -> list[ProcessRecord]:
        """Return those of the stack's processes that run now; others ended by themselves or in a crash."""
        return [record for record in self.processes if record.is_running()]


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep other commands from starting or stopping the same stack meanwhile.

    Raises:
        StackError: another one is at it.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(
                f"another command is starting or stopping the stack in {home}: wait for it"
            ) from error
        yield
