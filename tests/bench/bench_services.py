"""How fast the services write on PostgreSQL, as ratios to an empty Flask endpoint on the same gunicorn.

The empty endpoint, `POST /api/booking/create` and `POST /api/room/block` take turns, each as a process of its
own with the same number of threads and the same number of clients, which ask over kept connections with a key
for idempotency and a reference of their own. The clients are in this process and the database is on this
machine, so all of them share its cores: the table tells who took how much.
"""

import argparse
import datetime as dt
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from flask import Flask
from hotel_services.booking.service import SERVICE as BOOKING
from hotel_services.kit.logs import configure_logging
from hotel_services.kit.serving.server import Listeners, ServiceApplication, bind
from hotel_services.kit.settings import ServiceSettings

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.postgresql import new_database, postgresql_server, postmaster
from support.services import RunningService, running_service

TICK = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
EMPTY_PATH = "/api/empty"
# More than this of a core is all of it: the rest is lost where threads hand over.
ONE_CORE = 0.85
Body = Callable[[int], dict[str, Any]]


class EmptyApplication(ServiceApplication):
    """The same gunicorn around a Flask application that does nothing."""

    def load(self) -> Any:
        """Return the application."""
        app = Flask("empty")
        app.add_url_rule(EMPTY_PATH, view_func=dict, methods=["POST"])
        return app.wsgi_app


@dataclass(frozen=True)
class Run:
    """What so many requests took.

    Attributes:
        requests: How many.
        seconds: Of wall clock.
        service: CPU seconds of the service's processes.
        database: CPU seconds of all of PostgreSQL's processes.
        clients: CPU seconds of this process.
        idle: Seconds in which cores of this machine had nothing to do.
    """

    requests: int
    seconds: float
    service: float
    database: float
    clients: float
    idle: float

    @property
    def others(self) -> float:
        """CPU seconds of whatever else ran on this machine."""
        return max(0.0, CORES * self.seconds - self.service - self.database - self.clients - self.idle)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def cpu_ms(self, seconds: float) -> float:
        """Return the CPU milliseconds for one request."""
        return 1000 * seconds / self.requests

    def cores(self, seconds: float) -> float:
        """Return how many cores were busy with it on average."""
        return seconds / self.seconds


@dataclass
class Target:
    """An endpoint that is measured.

    Attributes:
        name: For the table.
        service: The process that serves it.
        path: Of the endpoint.
        body: Makes the body of the request of that number, each with another effect.
        runs: What was measured.
    """

    name: str
    service: RunningService
    path: str
    body: Body
    runs: list[Run]

    @property
    def median(self) -> Run:
        """The run with the middle rate."""
        return sorted(self.runs, key=lambda run: run.rate)[len(self.runs) // 2]


def cpu_seconds(pids: set[int]) -> float:
    """Return the CPU seconds that the processes have used so far."""
    return sum(sum(map(int, _stat(pid)[11:13])) for pid in pids) / TICK


def idle_seconds() -> float:
    """Return the seconds in which a core had nothing to do, or waited for a disk, of all cores."""
    first = Path("/proc/stat").read_text().partition("\n")[0].split()
    return (int(first[4]) + int(first[5])) / TICK


def family(pid: int) -> set[int]:
    """Return the process and all that it has started, directly or not."""
    parents = {int(path.name): int(_stat(int(path.name))[1]) for path in Path("/proc").glob("[0-9]*")}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _stat(pid: int) -> list[str]:
    # The name in brackets may hold spaces; what follows does not.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["-"] + ["0"] * 20


def make_request(target: Target, number: int) -> bytes:
    """Return the request of that number as it goes over the wire."""
    body = json.dumps(target.body(number)).encode()
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {uuid.uuid4().hex}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(target: Target, requests: list[bytes]) -> None:
    """Send the requests over one connection, each when the one before is answered."""
    address = urlsplit(target.service.url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=30) as connection,
        connection.makefile("rb") as answers,
    ):
        for request in requests:
            connection.sendall(request)
            status = answers.readline()
            length = 0
            while (line := answers.readline()) not in {b"\r\n", b""}:
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            answer = answers.read(length)
            if status.split()[1] not in {b"200", b"201"}:
                raise RuntimeError(f"{target.name} answered {status!r} {answer[:300]!r}")


def measure(target: Target, numbers: range, clients: int, database: int) -> Run:
    """Let the clients send the requests of these numbers, at the same time; return what it took."""
    requests = [make_request(target, number) for number in numbers]
    service_pids, database_pids = family(target.service.process.pid), family(database)

    def clocks() -> tuple[float, ...]:
        used = cpu_seconds(service_pids), cpu_seconds(database_pids)
        return (time.perf_counter(), *used, time.process_time(), idle_seconds())

    with ThreadPoolExecutor(clients) as pool:
        before = clocks()
        shares = [requests[client::clients] for client in range(clients)]
        list(pool.map(lambda share: send(target, share), shares))
        after = clocks()
    return Run(len(requests), *(end - begin for begin, end in zip(before, after, strict=True)))


def booking_body(number: int) -> dict[str, Any]:
    """Return a booking of its own."""
    return {
        "reservation_ref": f"bench-{number}",
        "client_id": "bench",
        "room_id": "101",
        "check_in": "2027-03-30",
        "check_out": "2027-04-02",
        "guests": 2,
        "confirm": True,
    }


def block_body(rooms: list[str]) -> Body:
    """Return what makes a hold of a free room for each number: a night of its own in each room."""
    first = dt.date(2027, 1, 1)

    def body(number: int) -> dict[str, Any]:
        night, room = divmod(number, len(rooms))
        check_in = first + dt.timedelta(days=night)
        return {
            "reservation_ref": f"bench-{number}",
            "room_id": rooms[room],
            "check_in": check_in.isoformat(),
            "check_out": (check_in + dt.timedelta(days=1)).isoformat(),
            "guests": 1,
        }

    return body


@contextmanager
def empty_service(folder: Path, threads: int) -> Iterator[RunningService]:
    """Run the empty endpoint in a process of its own, by this script."""
    listeners = bind(ServiceSettings(port=0))
    descriptors, log = [listener.fileno() for listener in listeners], folder / "empty.log"
    serve = ["--serve-empty", *map(str, descriptors), "--threads", str(threads)]
    command = [sys.executable, __file__, *serve]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, stderr=stderr, pass_fds=descriptors)
    running = RunningService(process, log, f"http://127.0.0.1:{listeners.main.getsockname()[1]}")
    for listener in listeners:
        listener.close()
    try:
        yield running
    finally:
        running.stop()


def serve_empty(descriptors: Sequence[int], threads: int) -> None:
    """Serve the empty endpoint on the sockets that were handed over."""
    settings = ServiceSettings(threads=threads)
    configure_logging("empty", settings)
    listeners = Listeners(*(socket.socket(fileno=descriptor) for descriptor in descriptors))
    EmptyApplication(BOOKING, settings, listeners).run()


@contextmanager
def targets(server: str, folder: Path, threads: int) -> Iterator[list[Target]]:
    """Run the three endpoints."""
    crowd = {"THREADS": str(threads), "DATABASE_POOL_SIZE": str(threads + 2)}
    with ExitStack() as stack:
        empty = stack.enter_context(empty_service(folder, threads))
        booking, room = (
            stack.enter_context(running_service(name, new_database(server), folder, **crowd))
            for name in ("booking", "room")
        )
        with urlopen(f"{room.url}/api/room/rooms?limit=200") as answer:  # noqa: S310 - our own address
            rooms = [item["room_id"] for item in json.load(answer)["items"]]
        yield [
            Target("empty Flask endpoint", empty, EMPTY_PATH, booking_body, []),
            Target("POST /api/booking/create", booking, "/api/booking/create", booking_body, []),
            Target("POST /api/room/block", room, "/api/room/block", block_body(rooms), []),
        ]


def run_rounds(found: list[Target], options: argparse.Namespace, database: int) -> None:
    """Measure the endpoints in turns, after one round that only warms them up."""
    for turn in range(options.rounds + 1):
        numbers = range(turn * options.requests, (turn + 1) * options.requests)
        for target in found:
            run = measure(target, numbers, options.clients, database)
            if turn > 0:
                target.runs.append(run)


def report(found: list[Target]) -> None:
    """Print each endpoint's median run, its ratio to the empty endpoint and what bounds it."""
    print(f"{'':25} requests/s  of empty | CPU ms a request | busy cores")
    parts = "service  PostgreSQL"
    print(f"{'':25} {'':20} | {parts} | {parts}  clients  others  idle")
    for target in found:
        run, empty = target.median, found[0].runs
        ratio = statistics.median(
            mine.rate / other.rate for mine, other in zip(target.runs, empty, strict=True)
        )
        print(
            f"{target.name:>25} {run.rate:10.0f} {ratio:9.2f} | "
            f"{run.cpu_ms(run.service):7.2f} {run.cpu_ms(run.database):11.2f} | "
            f"{run.cores(run.service):7.2f} {run.cores(run.database):11.2f} {run.cores(run.clients):8.2f} "
            f"{run.cores(run.others):7.2f} {run.cores(run.idle):5.2f}"
        )
    for target in found:
        print(f"{target.name} is bound by {bound(target.median)}")


def bound(run: Run) -> str:
    """Tell what keeps the endpoint from being faster."""
    if run.cores(run.service) > ONE_CORE:
        return "the service's Python, of which one thread runs at a time; a second replica would help"
    if run.cores(run.idle) < (1 - ONE_CORE) * CORES:
        return f"this machine's {CORES} cores, which service, PostgreSQL, clients and others share"
    return "waiting for the database's disk and locks, or for the service's one thread of Python at a time"


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1500, help="in each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8, help="connections that ask at the same time")
    parser.add_argument("--threads", type=int, default=8, help="of each service")
    parser.add_argument("--serve-empty", type=int, nargs=2, metavar="DESCRIPTOR", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_empty is not None:
        serve_empty(options.serve_empty, options.threads)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql_server(durable=True) as server,
        targets(server, Path(folder), options.threads) as found,
    ):
        run_rounds(found, options, postmaster(server))
        report(found)


if __name__ == "__main__":
    main()
