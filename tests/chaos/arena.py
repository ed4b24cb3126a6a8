"""The stack under the faults: engine, services, workers, all data on PostgreSQL, and proxies between."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from hotel.names import EngineKind, Role, Service
from hotel.reservations.client import HotelReservationClient
from hotel.stack.engine import ENGINE
from hotel.stack.local import LocalStack
from psycopg import sql
from support.postgresql import PostgreSQL, postgresql_on_small_disk, running_postgresql, running_standby
from support.small_disk import SmallDisk
from support.stacks import WORKER_SETTINGS, Engine, Stack, new_stack
from support.switch import Switch, switch

from chaos.certificates import Certificates
from chaos.deaths import Deaths
from chaos.faulty_proxy import FaultyProxy, faulty
from chaos.history import History
from chaos.play import Load

LOCK_SECONDS = 4.0
WORKERS = 2
_PATIENCE_SECONDS = 90.0
SETTINGS = {**WORKER_SETTINGS, "WORKER_LOCK_SECONDS": str(LOCK_SECONDS), "WORKER_RETRIES": "40"}


class Database(Enum):
    """The database that a fault needs."""

    PLAIN = auto()
    WITH_STANDBY = auto()
    ON_SMALL_DISK = auto()


@dataclass
class Failover:
    """Two database servers, and the address that leads to one of them."""

    primary: PostgreSQL
    standby: PostgreSQL
    door: Switch

    def take_over(self) -> None:
        """Let the primary crash and the standby take its place; the old one comes back unasked."""
        self.primary.stop()
        self.standby.promote()
        self.door.to(self.standby.port)
        self.primary.start()


@dataclass
class Arena:
    """What faults act on.

    Attributes:
        stack: all of it.
        parts: its processes.
        server: the database's.
        proxies: before the services, and before the engine for the workers, by name.
        patient_client: repeats its calls while the engine does not answer.
        certificates: of the engine, as the workers see it.
        history: what passed to the room service, and what the clients did.
        failover: of the database, if it has a standby.
        disk: of the database, if it is a small one.
        breaker: failures of a service after which the workers pause; 0 for never.
        loads: how many were played.
        load: the one that is played now.
        deaths: of workers, with what they held.
        steps: how many workers died at which step of their work, where that was chosen.
    """

    stack: Stack
    parts: LocalStack
    server: PostgreSQL
    proxies: dict[str, FaultyProxy]
    patient_client: HotelReservationClient
    certificates: Certificates
    history: History
    failover: Failover | None = None
    disk: SmallDisk | None = None
    breaker: int = 0
    loads: int = 0
    load: Load | None = None
    deaths: Deaths = field(default_factory=Deaths)
    steps: Counter[str] = field(default_factory=Counter)

    def start_worker(self, own: Mapping[str, str] | None = None) -> str:
        """Start a worker, without waiting for it, and return its name.

        Args:
            own: environment variables of this one.
        """
        urls = {f"{name.upper()}_URL": self.proxies[name].url for name in Service}
        engine = {
            "ENGINE_URL": f"{self.proxies[ENGINE].url}/engine-rest",
            "ENGINE_CA_FILE": str(self.certificates.file),
        }
        pauses = {"WORKER_BREAKER_FAILURES": str(self.breaker)}
        return self.parts.start_worker({**SETTINGS, **pauses, **urls, **engine, **(own or {})}).name

    def start_again(self, name: str) -> None:
        """Start a part that was ended, without waiting for it."""
        if name == ENGINE:
            self.parts.start_engine()
        else:
            self.parts.start_service(Service(name))

    def kill(self, name: str) -> None:
        """End a part as `kill -9` does."""
        self.parts.kill_part(name)

    def restart(self, name: str) -> None:
        """Stop the engine or a service gracefully, and start it with the passwords of now."""
        self.parts.stop_parts([name])
        self.start_again(name)

    def change_database_password(self) -> None:
        """Change it, and cut off every connection; parts that start from now on get the new one."""
        password = secrets.token_urlsafe(18)
        with psycopg.connect(f"{self.server.url}postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(sql.Literal(password)))
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        self.server = replace(self.server, url=_with_password(self.server.url, password))
        database = self.parts.state.database
        assert database is not None
        changed = {"database": _with_password(database, password)}
        self.parts.state = self.parts.state.model_copy(update=changed)

    def change_worker_credentials(self) -> None:
        """Change the workers' password at the engine, and the services' token.

        Services that start from now on ask for the new token, and workers send it.
        """
        password = secrets.token_urlsafe(18)
        admin, known = self.stack.engine.client(Role.ADMIN), self.parts.state.credentials
        own = known.passwords[Role.ADMIN]
        admin.put(
            f"/user/{Role.WORKER}/credentials", {"password": password, "authenticatedUserPassword": own}
        )
        changed = known.model_copy(
            update={
                "passwords": {**known.passwords, Role.WORKER: password},
                "service_token": secrets.token_urlsafe(18),
            }
        )
        self.parts.state = self.parts.state.model_copy(update={"credentials": changed})

    def kill_worker(self, name: str) -> None:
        """End a worker as `kill -9` does, and note what it held."""
        died = time.time()
        self.kill(name)
        self.note_death(name, died)

    def kill_worker_at(self, port: int) -> bool:
        """End the worker whose connection begins at a port; return whether there is one."""
        for name in self.stack.workers:
            process = self.parts.record_of(name).process()
            if process is not None and port in _local_ports(process):
                self.kill_worker(name)
                return True
        return False

    def note_death(self, name: str, died: float) -> None:
        """Note what a worker holds that does nothing about it since that moment, in seconds since 1970."""
        self.deaths.note(name, self.stack.engine.client(Role.ADMIN), died)

    def wait_until_ready(self) -> None:
        """Return when every part can work."""
        self.parts.wait_until_ready()


def _local_ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections() if connection.laddr}
    except psutil.Error:
        # It has just ended.
        return set()


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username}:{password}@{place}").geturl()


@contextmanager
def arena(
    home: Path,
    kind: EngineKind = EngineKind.OPERATON,
    *,
    database: Database = Database.PLAIN,
    breaker: int = 0,
) -> Iterator[Arena]:
    """Start all of it, and stop it at the end of the block.

    Args:
        home: folder of the stack.
        kind: which engine.
        database: which one.
        breaker: failures of a service after which the workers pause; 0 for never.
    """
    with ExitStack() as stack:
        disk, failover = None, None
        if database is Database.ON_SMALL_DISK:
            server, disk = stack.enter_context(postgresql_on_small_disk())
        else:
            server = stack.enter_context(running_postgresql(durable=True))
        url = server.url
        if database is Database.WITH_STANDBY:
            heir = stack.enter_context(running_standby(server))
            door = stack.enter_context(switch(server.port))
            url, failover = (
                server.url.replace(f":{server.port}/", f":{door.port}/"),
                Failover(server, heir, door),
            )
        parts = new_stack(home, kind, url)
        stack.callback(parts.stop)
        engine = Engine(parts)
        engine.start()
        stack.callback(engine.close)
        whole, history = Stack(parts, engine), History()
        whole.start()
        whole.stop_worker(whole.workers[0])
        proxies = {
            name: stack.enter_context(faulty(url, history if name == Service.ROOM else None))
            for name, url in whole.urls.items()
        }
        certificates = Certificates(home)
        server_of_engine = engine.url.removesuffix("/engine-rest")
        proxies[ENGINE] = stack.enter_context(faulty(server_of_engine, certificates=certificates))
        patient = HotelReservationClient(engine.client(Role.CLIENT), patience_seconds=_PATIENCE_SECONDS)
        found = Arena(whole, parts, server, proxies, patient, certificates, history, failover, disk, breaker)
        for _ in range(WORKERS):
            found.start_worker()
        found.wait_until_ready()
        yield found
