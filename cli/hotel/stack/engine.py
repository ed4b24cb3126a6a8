"""The engine as a process of this machine."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hotel.errors import StackError
from hotel.names import EngineKind
from hotel.ports import HOST, Ports
from hotel.processes import Command
from hotel.stack.credentials import Credentials
from hotel.stack.databases import PostgreSQLServer
from hotel.stack.java import find_java

ENGINE = "engine"
"""What the engine's process is called."""

_GRACE_SECONDS = 30.0
_WEBAPPS = {EngineKind.OPERATON: "operaton", EngineKind.CAMUNDA7: "camunda"}
_JARS = {
    EngineKind.OPERATON: ("target", "make engine"),
    EngineKind.CAMUNDA7: ("target-camunda7", "make engine-camunda7"),
}
_REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class EngineAddresses:
    """Where an engine answers: its REST API, its web pages, and its health and metrics."""

    rest: str
    web: str
    management: str

    @classmethod
    def of(cls, kind: EngineKind, ports: Ports) -> Self:
        """Return the addresses of a local engine."""
        origin = f"http://{HOST}:{ports.engine}"
        return cls(
            rest=f"{origin}/engine-rest",
            web=f"{origin}/{_WEBAPPS[kind]}/",
            management=f"http://{HOST}:{ports.management}",
        )

    @property
    def cockpit(self) -> str:
        """Where Cockpit opens; the web pages' own address opens Tasklist."""
        return f"{self.web}app/cockpit/default/"

    @property
    def readiness(self) -> str:
        """The URL that answers 200 when the engine can work."""
        return f"{self.management}/actuator/health/readiness"


def find_jar(kind: EngineKind, named: Path | None) -> Path:
    """Return the engine's jar: the one named, else the one built in this repository.

    Raises:
        StackError: it does not exist; says how to build it.
    """
    folder, target = _JARS[kind]
    jar = named or _REPOSITORY / "images" / "engine" / folder / "extracted" / "hotel-engine.jar"
    if not jar.is_file():
        raise StackError(f"there is no engine at {jar}: build it with `{target}`, or set HOTEL_ENGINE_JAR")
    return jar.resolve()


def java_line(jar: Path, java_options: str) -> list[str]:
    """Return the command that runs the engine, from its archive of loaded classes if there is one beside it.

    Raises:
        StackError: there is no Java for it.
    """
    archive = jar.with_suffix(".jsa")
    # Another Java than the archive's starts without it, and would say so in the engine's log.
    shared = [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds*=off"] if archive.is_file() else []
    return [find_java(), *shared, *shlex.split(java_options), "-jar", str(jar)]


def engine_command(
    jar: Path,
    ports: Ports,
    credentials: Credentials,
    server: PostgreSQLServer | None,
    java_options: str,
) -> Command:
    """Return what to run for the engine; without a server its data is an H2 file in its working folder."""
    return Command(
        name=ENGINE,
        arguments=java_line(jar, java_options),
        environment={
            # Else Spring Boot takes an application.properties, or a folder config/, of the working folder.
            "SPRING_CONFIG_LOCATION": "classpath:/",
            "SERVER_ADDRESS": HOST,
            "MANAGEMENT_SERVER_ADDRESS": HOST,
            # No page can reach it under a name that leads to this machine.
            "ENGINE_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
            "ENGINE_PORT": str(ports.engine),
            "ENGINE_MANAGEMENT_PORT": str(ports.management),
            # Whatever model is deployed here is the user's own, so the technical users may work on it.
            "ENGINE_PROCESS_DEFINITIONS": os.environ.get("ENGINE_PROCESS_DEFINITIONS") or "*",
            **credentials.engine_environment(),
            **_database_environment(server),
        },
        grace_seconds=_GRACE_SECONDS,
    )


def _database_environment(server: PostgreSQLServer | None) -> dict[str, str | None]:
    if server is not None:
        return {**server.engine_environment()}
    # What the caller's environment says is meant for another engine.
    return {"ENGINE_DATABASE_URL": None, "ENGINE_DATABASE_USER": None, "ENGINE_DATABASE_PASSWORD": None}
