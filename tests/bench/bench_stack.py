"""What a reservation costs the whole stack on PostgreSQL, and the same with the engine's stock settings.

Each contender has a stack of its own on a PostgreSQL server of its own. After a warm-up they take turns in
playing the same bookings, several at once. CPU is that of whole process trees during their turns; requests
and statements are counted by the engine and by PostgreSQL themselves. CPU per reservation is what to compare,
within one run: the rest shares this machine's cores with whatever else runs on it.
"""

import argparse
import os
import resource
import shlex
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from hotel.stack.engine import EngineAddresses
from hotel.stack.state import StackState

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the tests' support, when run as a script

from support.bookings import bookings, write_csv
from support.hotel_command import HotelCommand
from support.postgresql import postmaster, running_postgresql

PARTS = ("engine", "PostgreSQL", "worker", "room", "booking", "client", "restaurant")
COMMAND = "command"
# What a program gets that takes the starters and switches authentication and authorization on, no more.
STOCK = {
    "ENGINE_ACCESS_CACHE_SECONDS": "0",
    "ENGINE_DATABASE_PROPERTIES": "",
    "{BRAND}_BPM_EVENTING_EXECUTION": "true",
    "{BRAND}_BPM_EVENTING_HISTORY": "true",
    "{BRAND}_BPM_EVENTING_TASK": "true",
    "{BRAND}_BPM_METRICS_DBREPORTERACTIVATE": "true",
    "ENGINE_HISTORY_REMOVAL_TIME": "end",
    "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE": "10",
    "HOTEL_JAVA_OPTIONS": "-Xmx512m",
}
BEFORE = {"HOTEL_JAVA_OPTIONS": "-Xmx512m"}
PRELOAD = ("shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=top")


@dataclass(frozen=True)
class Contender:
    """A stack that is measured.

    Attributes:
        name: for the table.
        settings: environment of all its parts.
    """

    name: str
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Counts:
    """What was used up to a moment, or between two.

    Attributes:
        cpu: seconds by part.
        requests: that the engine has answered.
        statements: SQL statements of the engine.
        transactions: of the engine in its database, those taken back included.
        rows: inserted in the engine's database.
    """

    cpu: Mapping[str, float]
    requests: float
    statements: int
    transactions: int
    rows: int

    def since(self, before: "Counts") -> "Counts":
        """Return what was used between two moments."""
        return Counts(
            {name: seconds - before.cpu[name] for name, seconds in self.cpu.items()},
            self.requests - before.requests,
            self.statements - before.statements,
            self.transactions - before.transactions,
            self.rows - before.rows,
        )


@dataclass(frozen=True)
class Turn:
    """What so many reservations took.

    Attributes:
        count: how many.
        used: between their begin and their end.
        summary: what the replay printed.
    """

    count: int
    used: Counts
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What all reservations of a contender took.

    Attributes:
        turns: one after the other.
        top: the engine's most frequent statements, each with calls and milliseconds per reservation.
    """

    turns: Sequence[Turn]
    top: Sequence[tuple[str, float, float]] = ()

    @property
    def count(self) -> int:
        """How many reservations."""
        return sum(turn.count for turn in self.turns)

    def cpu_ms(self, part: str) -> float:
        """Return the CPU milliseconds of one part for one reservation."""
        return 1000 * sum(turn.used.cpu[part] for turn in self.turns) / self.count

    @property
    def stack_ms(self) -> float:
        """CPU milliseconds of engine, PostgreSQL, services and workers for one reservation."""
        return sum(map(self.cpu_ms, PARTS))

    def each(self, name: str) -> float:
        """Return one of the counts for one reservation."""
        return sum(float(getattr(turn.used, name)) for turn in self.turns) / self.count

    def mean(self, *path: str) -> float:
        """Return the mean over all turns of a figure in the replay's summary."""
        found: list[Any] = [turn.summary for turn in self.turns]
        for name in path:
            found = [each[name] for each in found]
        return float(sum(found)) / len(found)

    @property
    def ends(self) -> dict[str, int]:
        """How many reservations ended in each state."""
        ends: Counter[str] = Counter()
        for turn in self.turns:
            ends.update(turn.summary["states"])
        return dict(ends)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and of all that it has started, those that have ended too."""
    process = psutil.Process(pid)
    times = [process.cpu_times()]
    for child in process.children(recursive=True):
        try:
            times.append(child.cpu_times())
        except psutil.NoSuchProcess:
            continue
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def cpu_of_children() -> float:
    """Return the CPU seconds of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Meter:
    """Reads what a stack has used.

    Args:
        state: of the stack.
        server: URL of its PostgreSQL server.
    """

    def __init__(self, state: StackState, server: str) -> None:
        self._state = state
        self._management = EngineAddresses.of(state.engine, state.ports).management
        assert state.server is not None
        self._database = state.server.name_of("engine")
        self._connection = psycopg.connect(f"{server}postgres", autocommit=True)
        self._connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self._postmaster = postmaster(server)

    def counts(self) -> Counts:
        """Return the counts so far."""
        cpu: defaultdict[str, float] = defaultdict(float)
        for record in self._state.processes:
            cpu[record.name.partition("-")[0]] += cpu_seconds(record.pid)
        command = cpu_of_children()
        time.sleep(1.5)  # as long as PostgreSQL's processes keep their counts to themselves
        commits = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s"
        return Counts(
            cpu={**cpu, "PostgreSQL": cpu_seconds(self._postmaster), COMMAND: command},
            requests=self._requests(),
            statements=self._one(f"SELECT sum(calls)::bigint {self._statements}", self._database),
            transactions=self._one(commits, self._database),
            rows=self._one("SELECT tup_inserted FROM pg_stat_database WHERE datname = %s", self._database),
        )

    def forget_statements(self) -> None:
        """Begin to count statements again."""
        self._connection.execute("SELECT pg_stat_statements_reset()")

    def top(self, count: int, most: int) -> list[tuple[str, float, float]]:
        """Return the engine's most frequent statements: text, calls and milliseconds per reservation."""
        query = (
            f"SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 150), calls, total_exec_time "
            f"{self._statements} ORDER BY calls DESC LIMIT {most}"
        )
        found = self._connection.execute(query.encode(), [self._database]).fetchall()
        return [(str(text), int(calls) / count, float(spent) / count) for text, calls, spent in found]

    def close(self) -> None:
        self._connection.close()

    _statements = (
        "FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = %s) "
        "AND query !~* '^(BEGIN|COMMIT|ROLLBACK)'"
    )

    def _one(self, query: str, *values: str) -> int:
        row = self._connection.execute(query.encode(), values).fetchone()
        return int(row[0] or 0) if row else 0

    def _requests(self) -> float:
        with urllib.request.urlopen(f"{self._management}/actuator/prometheus") as answer:  # noqa: S310 - our own
            lines = answer.read().decode().splitlines()
        found = (line for line in lines if line.startswith("http_server_requests_seconds_count"))
        return sum(float(line.rpartition(" ")[2]) for line in found)


class Arena:
    """The stack of one contender.

    Args:
        contender: whose.
        hotel: its command.
        server: URL of its PostgreSQL server.
        concurrency: how many reservations at once.
    """

    def __init__(self, contender: Contender, hotel: HotelCommand, server: str, concurrency: int) -> None:
        self.name = contender.name
        self._hotel = hotel
        self._concurrency = concurrency
        state = StackState.load(hotel.home)
        assert state is not None
        self.meter = Meter(state, server)
        self.turns: list[Turn] = []

    def play(self, file: Path, offset: int, limit: int) -> dict[str, Any]:
        """Play some of the bookings and return the command's summary."""
        ran = self._hotel(
            *("replay", str(file), "--json", "--offset", str(offset), "--limit", str(limit)),
            *("--concurrency", str(self._concurrency), "--timeout", "300"),
            seconds=3600,
        )
        if ran.code:
            raise SystemExit(f"the replay of {self.name} failed: {ran.err}{ran.out}")
        summary: dict[str, Any] = ran.json
        return summary

    def take_turn(self, file: Path, offset: int, limit: int) -> None:
        """Play some of the bookings and keep what they took."""
        before = self.meter.counts()
        summary = self.play(file, offset, limit)
        self.turns.append(Turn(limit, self.meter.counts().since(before), summary))


@contextmanager
def arena(contender: Contender, options: argparse.Namespace) -> Iterator[Arena]:
    """Run a contender's stack until the block ends."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql(durable=True, settings=PRELOAD) as server,
    ):
        hotel = HotelCommand(Path(folder) / "home", contender.settings)
        ran = hotel(
            *("up", "--ports", "auto", "--engine", options.engine, "--workers", str(options.workers)),
            *("--database", server.url),
            seconds=600,
        )
        if ran.code:
            raise SystemExit(f"the stack of {contender.name} did not start: {ran.err}")
        found = Arena(contender, hotel, server.url, options.concurrency)
        try:
            yield found
        finally:
            found.meter.close()
            hotel("down", seconds=600)


def measure(file: Path, options: argparse.Namespace) -> dict[str, Measured]:
    """Run all contenders' stacks and let them take turns."""
    with ExitStack() as stack:
        arenas = [stack.enter_context(arena(each, options)) for each in contenders(options)]
        for each in arenas:
            each.play(file, 0, options.warm_up)
            each.meter.forget_statements()
        size = options.rows // options.turns
        for turn in range(options.turns):
            # Another one begins each turn: the speed of the machine may drift.
            first = turn % len(arenas)
            for each in (*arenas[first:], *arenas[:first]):
                each.take_turn(file, options.warm_up + turn * size, size)
        count = size * options.turns
        return {each.name: Measured(each.turns, each.meter.top(count, options.top)) for each in arenas}


def stock_settings(engine: str) -> dict[str, str]:
    """Return the environment that gives our engine the settings of the engine's starters."""
    brand = "OPERATON" if engine == "operaton" else "CAMUNDA"
    return {name.format(BRAND=brand): value for name, value in STOCK.items()}


def report(found: Mapping[str, Measured]) -> None:
    """Print what a reservation took of each contender, and ratios to the first one."""
    first = next(iter(found.values()))
    width = max(map(len, found))
    columns = (*PARTS, "stack", COMMAND)
    print("CPU ms per reservation")
    print(f"{'':{width}} " + " ".join(f"{name:>10}" for name in columns) + "   ratio")
    for name, run in found.items():
        figures = [*map(run.cpu_ms, PARTS), run.stack_ms, run.cpu_ms(COMMAND)]
        ratio = run.stack_ms / first.stack_ms
        print(f"{name:{width}} " + " ".join(f"{figure:10.1f}" for figure in figures) + f"{ratio:8.2f}")
    print("per reservation, and over all")
    print(f"{'':{width}}   requests statements transactions       rows reservations/s    p50 s    p95 s")
    for name, run in found.items():
        print(
            f"{name:{width}} {run.each('requests'):10.1f} {run.each('statements'):10.1f} "
            f"{run.each('transactions'):12.1f} {run.each('rows'):10.1f} "
            f"{run.mean('reservations_per_second'):14.2f} {run.mean('latency_seconds', 'p50'):8.3f} "
            f"{run.mean('latency_seconds', 'p95'):8.3f}"
        )
    for name, run in found.items():
        print(f"ends of {name}: {run.ends}")
    for name, run in found.items():
        if run.top:
            print(f"most frequent statements of {name}: calls and ms per reservation")
        for text, calls, spent in run.top:
            print(f"{calls:8.2f} {spent:8.3f}  {text}")


def contenders(options: argparse.Namespace) -> list[Contender]:
    """Return what is measured: the stock settings, each of the named ones, and ours at the end."""
    found = [] if options.no_stock else [Contender("stock", stock_settings(options.engine))]
    if options.before is not None:
        found.append(Contender("before", {"HOTEL_ENGINE_JAR": str(options.before), **BEFORE}))
    for text in options.also:
        settings = dict(part.split("=", 1) for part in shlex.split(text))
        found.append(Contender(text, settings))
    return [*found, Contender("ours", {})]


def main() -> None:
    """Read the command line and measure one contender after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="real bookings; by default made-up ones")
    parser.add_argument("--rows", type=int, default=300, help="bookings that are measured")
    parser.add_argument("--warm-up", type=int, default=150, help="bookings before these")
    parser.add_argument("--turns", type=int, default=4, help="in how many turns they are played")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--engine", choices=("operaton", "camunda7"), default="operaton")
    parser.add_argument("--before", type=Path, help="jar of another build of the engine, to compare with")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME=VALUE …",
        help="settings to compare with; repeatable",
    )
    parser.add_argument("--no-stock", action="store_true", help="leave the stock settings out")
    parser.add_argument("--top", type=int, default=0, help="how many of the engine's statements to list")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made_up = bookings(options.warm_up + options.rows, seed=1)
        file = options.file or write_csv(Path(folder) / "bookings.csv", made_up)
        report(measure(file.absolute(), options))
    print(
        f"on {os.cpu_count()} cores, PostgreSQL with fsync, {options.concurrency} at once, {options.engine}"
    )


if __name__ == "__main__":
    main()
