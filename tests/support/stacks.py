"""The real engine and the whole stack, run for a test session by the product's own stack code."""

from collections.abc import Mapping
from pathlib import Path

from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from hotel.names import EngineKind, Role, Service
from hotel.ports import Ports
from hotel.processes import ProcessRecord
from hotel.reservations.client import HotelReservationClient
from hotel.stack.credentials import Credentials
from hotel.stack.engine import ENGINE, find_jar
from hotel.stack.local import LocalStack, StackOptions
from hotel.stack.postgresql import create_databases
from hotel.stack.state import StackState
from hotel.stack.up import deploy_processes

# Short enough that a test can use the retries up, long enough that a service may be away for two seconds.
WORKER_SETTINGS = {
    "WORKER_LOCK_SECONDS": "4",
    "WORKER_POLL_SECONDS": "1",
    "WORKER_DRAIN_SECONDS": "5",
    "WORKER_RETRIES": "5",
    "WORKER_RETRY_FIRST_SECONDS": "0.3",
    "WORKER_RETRY_FACTOR": "2",
    "WORKER_RETRY_MAX_SECONDS": "2",
}
# Tests deploy processes of their own, for which the technical users need their rights too.
ENGINE_SETTINGS = {"ENGINE_PROCESS_DEFINITIONS": "*"}
MOST_WORKERS = 3


def new_stack(home: Path, kind: EngineKind, database: str | None) -> LocalStack:
    """Return a stack of which nothing runs yet; its processes end with the test run, however that ends."""
    options = StackOptions(
        jar=find_jar(kind, None),
        java_options="-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        die_with_parent=True,
        settings={"worker": WORKER_SETTINGS, ENGINE: ENGINE_SETTINGS},
    )
    state = StackState(
        engine=kind,
        ports=Ports.free(workers=MOST_WORKERS),
        credentials=Credentials.random(),
        database=database,
    )
    return LocalStack(home, state, options)


class Engine:
    """The session's engine.

    Attributes:
        url: of the REST API, ending in /engine-rest.
        web_url: of Cockpit and its like.
        management_url: of health and metrics.
        credentials: user and password by role: admin, deployer, worker, scaler, client.
    """

    def __init__(self, parts: LocalStack) -> None:
        self._parts = parts
        self._clients: dict[str, EngineClient] = {}
        self.url = parts.addresses.rest
        self.web_url = parts.addresses.web
        self.management_url = parts.addresses.management
        self.credentials = {
            role.value: (role.value, password) for role, password in parts.state.credentials.passwords.items()
        }

    def client(self, role: str) -> EngineClient:
        """Return the session's client that logs in as this role's user."""
        if role not in self._clients:
            self._clients[role] = EngineClient(self.url, auth=BasicAuth(*self.credentials[role]), timeout=60)
        return self._clients[role]

    def start(self) -> None:
        if self._parts.server is not None:
            create_databases(self._parts.server)
        self._parts.start_engine()
        self._parts.wait_until_ready()

    def stop(self) -> None:
        self._parts.stop_parts([ENGINE])

    def kill(self) -> None:
        """End it as a crash does."""
        self._parts.kill_part(ENGINE)

    def restart(self) -> None:
        """Stop it gracefully and start it again; returns when it is ready."""
        self.stop()
        self.start()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class Stack:
    """Engine, four services, worker, and the processes deployed.

    Attributes:
        engine: the session's.
        urls: of the services, by name.
        databases: URLs of the services' databases, by name.
        client: makes reservations, as the engine's user `client`.
        token: what the services ask of their callers.
        home: the folder with data, logs and state.
    """

    def __init__(self, parts: LocalStack, engine: Engine) -> None:
        self._parts = parts
        self.engine = engine
        self.urls = {name.value: url for name, url in parts.service_urls.items()}
        self.databases = {name.value: url for name, url in parts.database_urls.items()}
        self.token = parts.state.credentials.service_token
        self.home = parts.home
        self.client = HotelReservationClient(engine.client(Role.CLIENT))

    def start(self) -> None:
        for name in Service:
            self._parts.start_service(name)
        self._parts.wait_until_ready()
        deploy_processes(self._parts)
        self.start_worker()

    def start_service(self, name: str) -> None:
        self._parts.start_service(Service(name))
        self._parts.wait_until_ready()

    def stop_service(self, name: str) -> None:
        self._parts.stop_parts([name])

    def start_worker(self, settings: Mapping[str, str] | None = None) -> str:
        """Start one more worker and return its name when it is ready."""
        record = self._parts.start_worker(settings)
        self._parts.wait_until_ready()
        return record.name

    def stop_worker(self, name: str) -> None:
        self._parts.stop_parts([name])

    def kill_worker(self, name: str) -> None:
        """End a worker as `kill -9` does."""
        self._parts.kill_part(name)

    def pid(self, name: str) -> int:
        """Return the process id of a part."""
        return self._parts.record_of(name).pid

    def start_worker_alone(self, settings: Mapping[str, str] | None = None) -> str:
        """Start a worker and stop all others, so that it does every task from now on."""
        for name in self.workers:
            self.stop_worker(name)
        return self.start_worker(settings)

    @property
    def workers(self) -> list[str]:
        """The names of the workers that were started."""
        return [record.name for record in self._parts.workers]

    def mend(self) -> None:
        """Bring the stack back to four services and a worker, whatever the last test left."""
        gone = [record for record in self._parts.state.processes if not record.is_running()]
        for record in gone:
            self._parts.kill_part(record.name)
        running = {record.name for record in self._parts.state.processes}
        if ENGINE not in running:
            self.engine.start()
        for name in set(Service) - running:
            self._parts.start_service(Service(name))
        if not self.workers:
            self._parts.start_worker()
        self._parts.wait_until_ready()


def log_tails(parts: LocalStack, lines: int = 12) -> list[tuple[str, str]]:
    """Return the end of each running part's log, by name."""
    records: list[ProcessRecord] = list(parts.state.processes)
    return [(f"log of {record.name}", record.log_tail(lines)) for record in records]
