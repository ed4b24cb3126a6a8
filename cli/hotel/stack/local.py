"""The parts of one local stack together: what starts, watches and stops them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hotel import processes
from hotel.errors import StackError
from hotel.names import Role, Service
from hotel.processes import Command, ProcessRecord
from hotel.signals import unbroken
from hotel.stack.databases import PostgreSQLServer, service_database_urls
from hotel.stack.engine import ENGINE, EngineAddresses, engine_command
from hotel.stack.health import wait_until_healthy
from hotel.stack.home import DATA, LOGS, check_contents, make_home, resolved
from hotel.stack.parts import readiness_of
from hotel.stack.services import service_command, service_url
from hotel.stack.state import StackState
from hotel.stack.worker import WORKER, worker_command


@dataclass(frozen=True)
class StackOptions:
    """How the parts are run.

    Attributes:
        jar: the engine's.
        java_options: of the engine's Java, as in a shell.
        die_with_parent: whether the parts are to end when this process does, however that ends.
        ready_seconds: how long the parts may take until they can work.
        history_time_to_live: how long the engine keeps ended reservations, an ISO 8601 period of days; None
            leaves what the models say.
        settings: environment variables for the parts that differ from their defaults, by part: `engine`,
            a service's name, or `worker` for every worker.
    """

    jar: Path
    java_options: str = "-Xmx512m"
    die_with_parent: bool = False
    ready_seconds: float = 120.0
    history_time_to_live: str | None = None
    settings: Mapping[str, dict[str, str]] = field(default_factory=dict)


class LocalStack:
    """The processes of one home folder.

    Every process is in the state file from the moment it runs, so that whatever happens to this one, a later
    command finds and stops it.

    Args:
        home: the folder of the stack's data, logs and state.
        state: ports, credentials and what runs already.
        options: how to run the parts.
    """

    def __init__(self, home: Path, state: StackState, options: StackOptions) -> None:
        self.home = resolved(home)
        self.options = options
        self.state = state
        self.addresses = EngineAddresses.of(state.engine, state.ports)
        make_home(self.home)
        for folder in (self._data, self._logs):
            folder.mkdir(exist_ok=True, mode=0o700)
        check_contents(self.home)

    @property
    def service_urls(self) -> dict[Service, str]:
        """Where the services answer."""
        return {name: service_url(name, self.state.ports) for name in Service}

    @property
    def database_urls(self) -> dict[Service, str]:
        """Where the services keep their data."""
        return service_database_urls(self.server, self._data)

    @property
    def server(self) -> PostgreSQLServer | None:
        """The PostgreSQL server under the stack, None where the data is in files."""
        return self.state.server

    @property
    def workers(self) -> list[ProcessRecord]:
        """The workers that were started."""
        return [record for record in self.state.processes if record.name.startswith(WORKER)]

    def start_engine(self) -> None:
        """Start the engine, without waiting for it."""
        self._start(
            engine_command(
                self.options.jar,
                self.state.ports,
                self.state.credentials,
                self.server,
                self.options.java_options,
            ),
            settings_of=ENGINE,
        )

    def start_service(self, name: Service) -> None:
        """Start one service, without waiting for it."""
        command = service_command(name, self.state.ports, self.state.credentials, self.database_urls[name])
        self._start(command, settings_of=name)

    def start_worker(self, settings: Mapping[str, str] | None = None) -> ProcessRecord:
        """Start one more worker, without waiting for it.

        Args:
            settings: WORKER_… settings over those of all workers.

        Raises:
            StackError: as many run as the stack has ports for.
        """
        taken = {record.name for record in self.workers}
        for number, port in enumerate(self.state.ports.workers, start=1):
            if f"{WORKER}{number}" not in taken:
                own = {**self.options.settings.get("worker", {}), **(settings or {})}
                return self._start(
                    worker_command(number, port, self.state.ports, self.state.credentials, own)
                )
        raise StackError(f"the stack's {len(self.state.ports.workers)} workers run already")

    def wait_until_ready(self, report: Callable[[str], None] | None = None) -> None:
        """Return when every started part can work.

        Args:
            report: is called with each part that is ready, and now and then with what is waited for.

        Raises:
            StackError: a part ended or took too long; with the end of its log.
        """
        parts = [(record, readiness_of(record.name, self.state)) for record in self.state.processes]
        wait_until_healthy(parts, seconds=self.options.ready_seconds, report=report)

    def record_of(self, name: str) -> ProcessRecord:
        """Return the process of a part.

        Raises:
            StackError: it was not started.
        """
        for record in self.state.processes:
            if record.name == name:
                return record
        raise StackError(f"{name} was not started")

    def ended(self) -> list[ProcessRecord]:
        """Return the parts that have ended although nobody stopped them by this object."""
        return self.state.ended()

    def stop_parts(self, names: Sequence[str]) -> None:
        """Stop some parts gracefully, all at once, and forget them."""
        records = [self.record_of(name) for name in names]
        processes.stop(records)
        self._forget(records)

    def kill_part(self, name: str) -> None:
        """End a part at once, as a crash does, and forget it."""
        record = self.record_of(name)
        processes.kill(record)
        self._forget([record])

    def stop(self) -> None:
        """Stop everything gracefully, the workers first: they finish and report what they have begun."""
        workers = [record.name for record in self.workers]
        self.stop_parts(workers)
        self.stop_parts([record.name for record in self.state.processes])

    @property
    def _data(self) -> Path:
        return self.home / DATA

    @property
    def _logs(self) -> Path:
        return self.home / LOGS

    def show_password_once(self, show: Callable[[str], None]) -> None:
        """Let the user see the administrator's password, unless that was done before."""
        if not self.state.password_shown:
            show(self.state.credentials.passwords[Role.ADMIN])
            self.state = self.state.model_copy(update={"password_shown": True})
            self.state.save(self.home)

    def _start(self, command: Command, settings_of: str | None = None) -> ProcessRecord:
        settings = self.options.settings.get(settings_of, {}) if settings_of else {}
        command = Command(
            command.name, command.arguments, {**command.environment, **settings}, command.grace_seconds
        )
        # An interrupt between start and record would leave a process that nobody knows.
        with unbroken():
            record = processes.start(
                command, folder=self.home, logs=self._logs, die_with_parent=self.options.die_with_parent
            )
            self._remember((*self.state.processes, record))
        return record

    def _forget(self, records: Sequence[ProcessRecord]) -> None:
        self._remember(tuple(record for record in self.state.processes if record not in records))

    def _remember(self, processes: tuple[ProcessRecord, ...]) -> None:
        self.state = self.state.model_copy(update={"processes": processes})
        self.state.save(self.home)
