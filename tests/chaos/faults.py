"""What goes wrong, and how it is put right."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from external_tasks import TopicSubscription
from hotel.names import Service
from hotel.stack.engine import ENGINE
from hotel_worker.topics import HANDLERS
from support.wrong_clock import wrong_clock

from chaos import play
from chaos.arena import LOCK_SECONDS, WORKERS, Arena, Database
from chaos.traps import STEPS, Trap

CLOCK_SECONDS = 300
BURST_TIMES, BURST_SECONDS = 5, 10
AGAIN_SECONDS = 3.0
STEP_SECONDS = 2.0
"""In which a worker is to come to a step."""

# A block of code during which the fault lasts; it yields nothing.
Broken = Callable[[Arena, random.Random, float], Any]


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        broken: makes it, and puts it right at the end of the block.
        seconds: how long each one lasts.
        pause: how long all is well between two.
        once: whether it can happen one time only.
        database: which one it needs.
        quiet: how long all is well before the first one.
        longer: how many times as long as that of others its load is.
        least_seconds: of load that it needs to show anything.
        is_outage: whether nothing can go on while it lasts, so that what waits has to be caught up with.
    """

    broken: Broken
    seconds: float
    pause: float
    quiet: float = 3.0
    longer: int = 1
    least_seconds: float = 0.0
    is_outage: bool = False
    once: bool = False
    database: Database = Database.PLAIN


@contextmanager
def worker_killed(arena: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
    """Kill a worker at a random moment, and start another one at once."""
    arena.kill_worker(chance.choice(arena.stack.workers))
    arena.start_worker()
    yield


@contextmanager
def worker_killed_at_step(arena: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
    """Kill the worker that comes to a step of its work first, and start another one.

    Where none comes to it in time, one is killed at whatever it does.
    """
    step = chance.choice(list(STEPS))
    trap = Trap(STEPS[step], arena.kill_worker_at)
    proxies = [arena.proxies[ENGINE]] if trap.kind.path else [arena.proxies[name] for name in Service]
    for proxy in proxies:
        proxy.trap = trap
    try:
        sprung = trap.wait(STEP_SECONDS)
    finally:
        for proxy in proxies:
            proxy.trap = None
    if sprung:
        arena.steps[step] += 1
    else:
        arena.steps["at whatever it did"] += 1
        arena.kill_worker(chance.choice(arena.stack.workers))
    arena.start_worker()
    yield


@contextmanager
def worker_frozen(arena: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
    """Stop a worker where it stands, for longer than its locks last, and let it go on."""
    name = chance.choice(arena.stack.workers)
    worker = arena.parts.record_of(name).process()
    assert worker is not None
    froze = time.time()
    worker.send_signal(signal.SIGSTOP)
    try:
        arena.note_death(name, froze)
        yield
    finally:
        worker.send_signal(signal.SIGCONT)


@contextmanager
def no_worker(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Kill all workers."""
    _replace_workers(arena, [])
    try:
        yield
    finally:
        _replace_workers(arena, [{}] * WORKERS)


@contextmanager
def worker_clocks_wrong(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Let the clock of one worker go five minutes ahead, and that of the other five behind."""
    _replace_workers(arena, [wrong_clock(CLOCK_SECONDS), wrong_clock(-CLOCK_SECONDS)])
    try:
        yield
    finally:
        _replace_workers(arena, [{}] * WORKERS)


def _replace_workers(arena: Arena, environments: Sequence[Mapping[str, str]]) -> None:
    for name in arena.stack.workers:
        arena.kill_worker(name)
    for environment in environments:
        arena.start_worker(environment)


@contextmanager
def same_worker_id(arena: Arena, _chance: random.Random, seconds: float) -> Iterator[None]:
    """Let another client fetch tasks under the id of a worker that runs, and do nothing about them."""
    admin = arena.stack.engine.client("admin")
    topics = [TopicSubscription(topic, round(LOCK_SECONDS * 1000)) for topic in HANDLERS]
    until = time.monotonic() + seconds / 2
    while time.monotonic() < until:
        ids = {task["workerId"] for task in admin.external_tasks(locked=True) if task.get("workerId")}
        for worker_id in ids:
            admin.fetch_and_lock(worker_id, topics, 3)
        time.sleep(0.2)
    yield


@contextmanager
def one_worker_id(arena: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
    """Give both workers one id, and let one of them stand still until the other has got its tasks.

    The engine then takes the answers of both, as it tells workers from each other by nothing but their ids.
    """
    arena.proxies[ENGINE].worker_id = "one-for-both"
    try:
        with worker_frozen(arena, chance, 0):
            time.sleep(LOCK_SECONDS + 3)
        yield
    finally:
        arena.proxies[ENGINE].worker_id = None


@contextmanager
def engine_killed(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Kill the engine and start it again."""
    arena.kill(ENGINE)
    try:
        yield
    finally:
        arena.start_again(ENGINE)
        arena.wait_until_ready()


@contextmanager
def database_crashed(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Stop the database server as a crash does, and start it again, with its recovery."""
    arena.server.stop()
    try:
        yield
    finally:
        arena.server.start()


@contextmanager
def database_read_only(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Let the database refuse every change."""
    _set_read_only(arena, "on")
    try:
        yield
    finally:
        _set_read_only(arena, "off")


@contextmanager
def disk_full(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Fill up the database's disk; a server that has ended of it is started when there is space again."""
    assert arena.disk is not None
    arena.disk.fill()
    try:
        yield
    finally:
        arena.disk.free()
        if not arena.server.is_running:
            arena.server.start()


@contextmanager
def database_password_changed(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Change the password, cut off all connections, and start services and engine with the new one."""
    arena.change_database_password()
    for name in (ENGINE, *Service):
        arena.restart(name)
    arena.wait_until_ready()
    yield


@contextmanager
def workers_passwords_changed(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Change the workers' password at the engine and the services' token, and tell the workers last."""
    arena.change_worker_credentials()
    for name in Service:
        arena.restart(name)
    _replace_workers(arena, [{}] * WORKERS)
    arena.wait_until_ready()
    yield


@contextmanager
def certificates_changed(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Change the authority that has signed the engine's certificate; the workers' file follows at the end."""
    arena.certificates.rotate()
    try:
        yield
    finally:
        arena.certificates.trust()


def _set_read_only(arena: Arena, value: str) -> None:
    with psycopg.connect(f"{arena.server.url}postgres", autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def database_failed_over(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Let the primary crash, and its synchronous standby take over."""
    assert arena.failover is not None
    arena.failover.take_over()
    yield


@contextmanager
def service_killed(arena: Arena, chance: random.Random, _seconds: float) -> Iterator[None]:
    """Kill a service."""
    name = chance.choice(list(Service))
    arena.kill(name)
    try:
        yield
    finally:
        arena.start_again(name)
        arena.wait_until_ready()


def behaving(mode: str, *names: str, wait: float | None = None) -> Broken:
    """Return the fault that connections behave so; `FaultyProxy.mode` tells how.

    Args:
        mode: how.
        names: of the services, or the engine's for the workers' connections to it.
        wait: seconds that the mode waits; None for as long as the fault lasts.
    """

    @contextmanager
    def broken(arena: Arena, _chance: random.Random, seconds: float) -> Iterator[None]:
        for name in names:
            arena.proxies[name].set(mode, seconds if wait is None else wait)
        try:
            yield
        finally:
            for name in names:
                arena.proxies[name].set("pass")

    return broken


@contextmanager
def burst(arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Let reservations come so many times as often as otherwise, and return when all are asked for."""
    assert arena.load is not None
    arena.load.beside().play(play.steady((BURST_TIMES - 1) * arena.load.rate, BURST_SECONDS))
    yield


@contextmanager
def nothing(_arena: Arena, _chance: random.Random, _seconds: float) -> Iterator[None]:
    """Let all be well."""
    yield


FAULTS: Mapping[str, Fault] = {
    "none, for comparison": Fault(nothing, 1, 9),
    "worker killed (kill -9)": Fault(worker_killed, 0.1, 1.2),
    "worker killed at each step": Fault(worker_killed_at_step, 0.1, 1.4, longer=9),
    "worker frozen past its lock": Fault(worker_frozen, LOCK_SECONDS + 3, 3),
    "workers' clocks wrong by 5 min": Fault(worker_clocks_wrong, 10, 2),
    "all workers gone": Fault(no_worker, 20, 10, is_outage=True),
    "another client with a worker's id": Fault(same_worker_id, 4, 2),
    "two workers with one id": Fault(one_worker_id, 3, 2),
    "engine killed (kill -9)": Fault(engine_killed, 3, 12, is_outage=True),
    "answers of the engine lost": Fault(behaving("swallow", ENGINE), 8, 6, is_outage=True),
    "database crashed": Fault(database_crashed, 2, 6, is_outage=True),
    "database failed over to a standby": Fault(
        database_failed_over, 0.1, 10, is_outage=True, once=True, database=Database.WITH_STANDBY
    ),
    "database read-only": Fault(database_read_only, 8, 6, is_outage=True),
    "database's disk full": Fault(disk_full, 10, 10, is_outage=True, database=Database.ON_SMALL_DISK),
    "database's password changed": Fault(database_password_changed, 0.1, 6),
    "workers' passwords changed": Fault(workers_passwords_changed, 0.1, 6),
    "engine's certificates changed": Fault(certificates_changed, 8, 6, is_outage=True),
    "service killed": Fault(service_killed, 3, 5),
    "services answer 500": Fault(behaving("error", *Service), 6, 6, is_outage=True),
    "services cut connections": Fault(behaving("reset", *Service), 8, 4),
    "services take 10 s": Fault(behaving("slow", *Service), 10, 6, is_outage=True),
    "services answer after the caller gave up": Fault(behaving("late", *Service), 35, 8, is_outage=True),
    "workers' requests twice": Fault(behaving("twice", ENGINE, *Service), 8, 4),
    "workers' requests again after 3 s": Fault(behaving("again", ENGINE, *Service, wait=AGAIN_SECONDS), 8, 4),
    "burst at 5 times the rate": Fault(burst, 0.1, 35, quiet=15, least_seconds=60),
}
"""By the names in the table."""
