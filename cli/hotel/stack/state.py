"""What a stack remembers in its home folder between commands."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hotel.errors import StackError
from hotel.names import EngineKind
from hotel.ports import Ports
from hotel.processes import ProcessRecord
from hotel.stack.credentials import Credentials
from hotel.stack.databases import PostgreSQLServer
from hotel.stack.home import LOGS, check_home, open_file, resolved

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
        rewrite_engine_file: whether a person was erased since the engine's database file was last rewritten.
        processes: what was started and not yet stopped.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    engine: EngineKind
    ports: Ports
    credentials: Credentials
    database: str | None = Field(default=None, repr=False)
    password_shown: bool = False
    rewrite_engine_file: bool = False
    processes: tuple[ProcessRecord, ...] = ()

    @classmethod
    def load(cls, home: Path) -> Self | None:
        """Return the state kept in a home folder, None if there is none.

        Raises:
            StackError: the folder or the file is not the user's alone, or the file cannot be understood.
        """
        file = resolved(home) / _FILE
        try:
            check_home(home)
            with os.fdopen(open_file(file, os.O_RDONLY), "rb") as content:
                state = cls.model_validate_json(content.read())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise StackError(
                f"{file} cannot be read: {str(error).splitlines()[0]}; "
                "stop what it started by hand, then remove it"
            ) from error
        return state.model_copy(update={"processes": tuple(_with_logs_in(file.parent, state.processes))})

    def save(self, home: Path) -> None:
        """Keep the state, readable by its owner alone: it holds passwords."""
        home = resolved(home)
        draft = home / f"{_FILE}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.model_dump_json(indent=2))
        draft.replace(home / _FILE)

    @property
    def server(self) -> PostgreSQLServer | None:
        """The PostgreSQL server under the stack, None where its data is in files."""
        return PostgreSQLServer.from_url(self.database) if self.database else None

    def ended(self) -> list[ProcessRecord]:
        """Return the processes that ended although nobody stopped them by the command."""
        return [record for record in self.processes if not record.is_running()]

    def running(self) -> list[ProcessRecord]:
        """Return those of the stack's processes that run now."""
        return [record for record in self.processes if record.is_running()]


def _with_logs_in(home: Path, records: Iterable[ProcessRecord]) -> Iterator[ProcessRecord]:
    # The logs are where the stack writes them, whatever path the file names.
    for record in records:
        yield record.model_copy(update={"log": home / LOGS / f"{record.name}.log"})
