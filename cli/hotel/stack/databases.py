"""Where the parts of a stack keep their data: files in its home, or databases of one PostgreSQL server."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from hotel.errors import InvalidInput
from hotel.names import Service

_POSTGRESQL_PORT = 5432
_PREFIX = re.compile(r"[a-z_][a-z0-9_]{0,49}")


@dataclass(frozen=True)
class PostgreSQLServer:
    """A PostgreSQL server and the prefix of the stack's databases on it.

    The URL's path is the prefix: `postgresql://user:password@host:5432/hotel` leads to the databases
    `hotel_engine`, `hotel_booking`, `hotel_room`, `hotel_restaurant` and `hotel_client`; an empty path means
    `hotel`.
    """

    host: str
    port: int
    user: str
    password: str
    prefix: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read a server's URL.

        Raises:
            InvalidInput: it is not one, or lacks a part.
        """
        parts = urlsplit(url)
        prefix = parts.path.strip("/") or "hotel"
        if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or not parts.username:
            raise InvalidInput(
                f"--database: expected postgresql://user:password@host[:port]/, got {_redacted(url)}"
            )
        if not _PREFIX.fullmatch(prefix):
            raise InvalidInput(
                f"--database: {prefix!r} cannot begin the names of databases: "
                "use lower-case letters, digits and _"
            )
        return cls(
            host=parts.hostname,
            port=_port_of(url),
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            prefix=prefix,
        )

    def database_names(self) -> list[str]:
        """Return the names of the stack's databases."""
        return [self.name_of(part) for part in ("engine", *Service)]

    def name_of(self, part: str) -> str:
        """Return the name of the database of one part of the stack."""
        return f"{self.prefix}_{part}"

    def url_of(self, database: str) -> str:
        """Return the URL of one database, credentials included."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@{_bracketed(self.host)}:{self.port}/{database}"

    def engine_environment(self) -> dict[str, str]:
        """Return the engine's settings for its database."""
        return {
            "ENGINE_DATABASE_URL": f"jdbc:postgresql://{_bracketed(self.host)}:{self.port}/{self.name_of('engine')}",
            "ENGINE_DATABASE_USER": self.user,
            "ENGINE_DATABASE_PASSWORD": self.password,
        }


def service_database_urls(server: PostgreSQLServer | None, data: Path) -> dict[Service, str]:
    """Return each service's database URL: on the server, else a SQLite file in the data folder."""
    if server is None:
        return {name: f"sqlite:///{data / name}.sqlite" for name in Service}
    return {name: server.url_of(server.name_of(name)) for name in Service}


def _port_of(url: str) -> int:
    try:
        return urlsplit(url).port or _POSTGRESQL_PORT
    except ValueError as error:
        raise InvalidInput(f"--database: the port in {_redacted(url)} is no port") from error


def _redacted(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
