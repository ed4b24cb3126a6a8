"""Stacks of their own, started and stopped by the command."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from hotel import processes
from hotel.errors import ExitCode
from hotel.names import Role
from hotel.processes import ProcessRecord, identity_of
from hotel.stack.state import StackState
from support.hotel_command import HotelCommand
from support.postgresql import postgresql_server
from support.reservations import new_fields
from support.waiting import eventually

# They start faster with less of Java's compiler.
_JAVA_OPTIONS = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_START_SECONDS = 120
Own = Callable[..., HotelCommand]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    """Make a command with a home folder of its own; what it leaves running is killed."""
    home = tmp_path / "home"

    def make(**environment: str) -> HotelCommand:
        return HotelCommand(home, {"HOTEL_JAVA_OPTIONS": _JAVA_OPTIONS, **environment})

    yield make
    for record in processes_of(home):
        processes.kill(record)


def plant_foreign_files(home: Path) -> Path:
    """Put foreign programs and settings where the parts run; return the file that they would write."""
    home.mkdir(mode=0o700)
    trace = home.parent / "foreign-code-ran"
    for module in ("flask", "gunicorn", "requests", "urllib3", "sitecustomize", "json", "hotel_services"):
        (home / f"{module}.py").write_text(f"open({str(trace)!r}, 'a').write({module!r})\n")
    (home / "config").mkdir()
    for settings in (home / "application.properties", home / "config" / "application.properties"):
        settings.write_text("server.port=1\nspring.datasource.url=jdbc:h2:mem:elsewhere\n")
    return trace


def readable_by_others(home: Path) -> list[Path]:
    planted = set(home.glob("*.py")) | set(home.rglob("application.properties")) | {home / "config"}
    return [path for path in home.rglob("*") if path not in planted and path.lstat().st_mode & 0o077]


def listening_addresses(records: list[ProcessRecord]) -> dict[str, set[str]]:
    """Return where each part listens, its child processes included."""
    found = {}
    for record in records:
        parent = psutil.Process(record.pid)
        family = [parent, *parent.children(recursive=True)]
        sockets = [socket for process in family for socket in process.net_connections("tcp")]
        found[record.name] = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
    return found


def processes_of(home: Path) -> list[ProcessRecord]:
    """Return the processes that the stack in a home folder has started and not stopped."""
    state = StackState.load(home)
    return list(state.processes) if state else []


def running(records: list[ProcessRecord]) -> list[str]:
    return [record.name for record in records if identity_of(record.pid) == record.identity]


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_stack_goes_up_works_goes_down_and_keeps_its_data(own: Own, pytestconfig: pytest.Config) -> None:
    hotel = own(PYTHONPATH=":relative")
    trace = plant_foreign_files(hotel.home)
    up = ("up", "--ports", "auto", "--workers", "2", "--engine", pytestconfig.getoption("--engine"))

    first = hotel(*up)
    assert first.code == ExitCode.OK, first.err
    started = processes_of(hotel.home)
    assert running(started) == ["engine", "booking", "room", "restaurant", "client", "worker-1", "worker-2"]
    assert not trace.exists()
    assert readable_by_others(hotel.home) == []
    addresses = listening_addresses(started)
    assert {name: found - {"127.0.0.1", "::ffff:127.0.0.1"} for name, found in addresses.items()} == {
        record.name: set() for record in started
    }
    assert all(addresses.values())
    state = StackState.load(hotel.home)
    assert state is not None
    assert state.credentials.passwords[Role.ADMIN] in first.out
    assert f"http://127.0.0.1:{state.ports.engine}/engine-rest" in first.out

    again = hotel(*up)
    assert again.code == ExitCode.CONFLICT
    assert "runs already" in again.err

    made = hotel("reserve", *options(new_fields()), "--json")
    assert made.code == ExitCode.OK, made.err
    assert hotel("cancel", made.json["reference"]).code == ExitCode.OK

    down = hotel("down")
    assert down.code == ExitCode.OK, down.err
    assert running(started) == []
    assert down.err.index("worker-1") < down.err.index("engine")
    assert hotel("list").code == ExitCode.UNREACHABLE
    assert hotel("down").err == "nothing was running\n"

    second = hotel(*up)
    assert second.code == ExitCode.OK, second.err
    assert state.credentials.passwords[Role.ADMIN] not in second.out
    assert hotel("status", made.json["reference"], "--json").json["state"] == "cancelled"

    crashed = processes_of(hotel.home)
    for record in crashed:
        os.kill(record.pid, signal.SIGKILL)
    eventually(lambda: not running(crashed))
    assert "does not run" in hotel("list").err
    assert hotel("down", "--purge").code == ExitCode.OK
    assert not {"data", "logs", "stack.json"} & {path.name for path in hotel.home.iterdir()}


def options(fields: dict[str, object]) -> list[str]:
    """Write the fields of a reservation as options."""
    wanted = {name: value for name, value in fields.items() if not isinstance(value, bool)}
    return [part for name, value in wanted.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def test_the_whole_stack_runs_on_one_postgresql_server(own: Own) -> None:
    hotel = own()
    with postgresql_server() as url:
        up = hotel("up", "--ports", "auto", "--database", f"{url}mine")
        assert up.code == ExitCode.OK, up.err
        made = hotel("reserve", *options(new_fields()), "--table", "--json")
        assert made.code == ExitCode.OK, made.err
        assert made.json["state"] == "confirmed"
        assert databases(url) == {
            "mine_engine",
            "mine_booking",
            "mine_room",
            "mine_restaurant",
            "mine_client",
        }
        assert list((hotel.home / "data").iterdir()) == []

        assert hotel("down", "--purge").code == ExitCode.OK
        assert databases(url) == set()


def databases(url: str) -> set[str]:
    with psycopg.connect(f"{url}postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'mine%'")
        return {name for (name,) in rows}


def test_the_demo_ends_with_a_confirmed_reservation_and_leaves_nothing(own: Own) -> None:
    ran = own(TMPDIR=str(own().home.parent))("demo")

    assert ran.code == ExitCode.OK, ran.err
    assert "confirmed" in ran.out
    for step in ("Validate input", "Block room", "Reserve table", "Create booking"):
        assert step in ran.out
    assert list(own().home.parent.glob("hotel-demo-*")) == []
    assert processes_that_mention(f"{own().home.parent}/hotel-demo-") == []


def processes_that_mention(text: str) -> list[str]:
    """Return the command lines and working folders of processes that hold a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            place = str((entry / "cwd").readlink())
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [line] if text in place or text in line else []
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_starts_stops_everything(own: Own, number: signal.Signals) -> None:
    hotel = own()
    with hotel.begin("up", "--ports", "auto") as up:
        started = eventually(lambda: processes_of(hotel.home), seconds=_START_SECONDS)
        up.send_signal(number)
        _, problem = up.communicate(timeout=_START_SECONDS)

    assert up.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in problem
    assert running(started) == []
    assert processes_of(hotel.home) == []


def test_a_foreground_stack_ends_with_its_command_however_that_ends(own: Own) -> None:
    hotel = own()
    with hotel.begin("up", "--ports", "auto", "--foreground") as up:
        eventually(lambda: len(processes_of(hotel.home)) == 5, seconds=_START_SECONDS)
        started = processes_of(hotel.home)
        up.kill()
        up.communicate(timeout=_START_SECONDS)

    eventually(lambda: not running(started), seconds=60)
    assert hotel("down").err == "nothing was running\n"


def test_a_part_that_does_not_start_is_told_with_its_log_and_all_are_stopped(own: Own) -> None:
    hotel = own(HOTEL_JAVA_OPTIONS="-XX:NoSuchOption")

    ran = hotel("up", "--ports", "auto")

    assert ran.code == ExitCode.UNEXPECTED
    assert "engine ended while it was starting" in ran.err
    assert "NoSuchOption" in ran.err
    assert processes_of(hotel.home) == []


def test_a_port_that_is_taken_is_named_before_anything_starts(own: Own) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = own()("up", "--port-offset", str(port - 5002))

    # Other programs may hold neighbours of the port: the message then lists those too.
    assert ran.code == ExitCode.UNEXPECTED
    assert f"{port} (room service)" in ran.err
    assert "--ports auto" in ran.err


def test_a_missing_engine_is_told_with_how_to_build_it(own: Own) -> None:
    ran = own(HOTEL_ENGINE_JAR="/no/such/engine.jar")("up")

    assert ran.code == ExitCode.UNEXPECTED
    assert "/no/such/engine.jar" in ran.err
    assert "make engine" in ran.err


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ('openjdk version "11.0.2" 2019-01-15', "is Java 11"),
        ('java version "1.8.0_202"', "is Java 8"),
        ("nonsense", "does not say its version"),
    ],
)
def test_a_java_that_is_too_old_is_told(own: Own, tmp_path: Path, answer: str, problem: str) -> None:
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{answer}' >&2\n")
    java.chmod(0o755)

    ran = own(JAVA_HOME=str(tmp_path / "jdk"))("up", "--ports", "auto")

    assert ran.code == ExitCode.UNEXPECTED
    assert problem in ran.err
    assert "Java 17" in ran.err


def test_without_a_java_the_command_says_what_to_install(own: Own, tmp_path: Path) -> None:
    ran = own(JAVA_HOME=str(tmp_path / "none"))("up", "--ports", "auto")

    assert ran.code == ExitCode.UNEXPECTED
    assert "install a Java 17" in ran.err


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (("--database", "mysql://u:p@localhost/"), "expected postgresql://"),
        (("--database", "postgresql://u:p@localhost:1/"), "PostgreSQL at u@localhost:1"),
        (("--port-offset", "70000"), "port offset 70000"),
    ],
)
def test_what_cannot_be_started_is_told_in_one_line(own: Own, line: tuple[str, str], problem: str) -> None:
    ran = own()("up", *line, *(() if "--port-offset" in line else ("--ports", "auto")))

    assert ran.code in {ExitCode.UNEXPECTED, ExitCode.USAGE}
    assert problem in ran.err
    assert "Traceback" not in ran.err
