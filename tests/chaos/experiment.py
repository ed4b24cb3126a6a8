"""One kind of fault under load, and what came of it."""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hotel.names import Role

from chaos import play
from chaos.arena import WORKERS, Arena
from chaos.deaths import Resumption
from chaos.faults import Fault
from chaos.play import Load
from chaos.sweep import Verdict, outcomes_of, sweep

_FIRST_DAY = 40
_END_SECONDS = 240.0
# Fewer hold too few reservations for a rate.
_COUNTABLE_SECONDS = 10.0


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        fault: its name.
        reservations: that were asked for.
        faults: how often something was broken.
        acknowledged: starts that the engine confirmed.
        ends: reservations by the state that they ended in.
        verdict: what is wrong.
        progress: seconds from the end of a fault to the next task that was completed, the longest of all.
        steps: how many workers died at which step of their work, where that was chosen.
        goodput: reservations per second that came to their ends before the first fault, and at the end of the
            load, both for as long as the quiet before the first fault; None where that is short.
        resumed: how long tasks waited that a worker held when it died.
        drain: seconds from the end of the last fault, or of the load if that is later, to the end of the last
            reservation.
        outage: seconds that the last fault lasted, where nothing could go on during it; else None.
        service_calls: requests of the workers to the services.
    """

    fault: str
    reservations: int
    faults: int
    acknowledged: int
    ends: Mapping[str, int]
    verdict: Verdict
    progress: float
    steps: Mapping[str, int]
    goodput: tuple[float, float] | None
    resumed: Resumption
    drain: float
    outage: float | None
    service_calls: int


def run(arena: Arena, name: str, fault: Fault, *, seconds: float, rate: float, seed: int) -> Row:
    """Play a load while a fault comes again and again, then wait until all is over, and look.

    Args:
        arena: which stands whole.
        name: of the fault.
        fault: what is broken.
        seconds: of load.
        rate: reservations per second.
        seed: of load and faults.
    """
    chance = random.Random(seed)
    began_calls, began_steps = _service_calls(arena), arena.steps.copy()
    # A reference may hold letters, digits and few signs.
    label = f"{re.sub('[^a-z]', '', name.split(maxsplit=1)[0])}-{seed}-{time.monotonic_ns() % 10**9}"
    first_day = _FIRST_DAY + play.NIGHTS * arena.loads
    arena.loads += 1
    load = Load(arena.patient_client, arena.stack.client, arena.history, seed, label, first_day, rate)
    arena.load = load
    seconds = max(seconds * fault.longer, fault.least_seconds)
    first_operation = len(arena.history.operations)
    player = threading.Thread(target=load.play, args=[play.steady(rate, seconds)], daemon=True)
    began, began_at = time.monotonic(), time.time()
    loaded_until = began_at + seconds
    player.start()
    time.sleep(fault.quiet)
    broken_at = time.time()
    healed: list[float] = []
    outage = 0.0
    while not healed or time.monotonic() + fault.seconds < began + seconds:
        broke = time.monotonic()
        with fault.broken(arena, chance, fault.seconds):
            time.sleep(fault.seconds)
        outage = time.monotonic() - broke
        healed.append(time.time())
        time.sleep(fault.pause)
        if fault.once:
            break
    player.join()
    if not load.played.acknowledged:
        raise RuntimeError(f"{name}: the engine confirmed none of the starts, so the run shows nothing")
    while len(arena.stack.workers) < WORKERS:
        arena.start_worker()
    references = load.played.acknowledged | load.played.unknown
    outcomes = outcomes_of(arena.stack.client, references, _END_SECONDS)
    drain = time.time() - max(healed[-1], loaded_until)
    arena.wait_until_ready()
    calls = arena.history.operations[first_operation:]
    return Row(
        fault=name,
        reservations=len(references),
        faults=len(healed),
        acknowledged=len(load.played.acknowledged),
        ends=Counter(str(outcome.state) for outcome in outcomes.values()),
        verdict=sweep(arena, load.played, outcomes, calls),
        progress=_progress(arena, healed),
        steps=arena.steps - began_steps,
        goodput=None
        if fault.quiet < _COUNTABLE_SECONDS
        else (
            _goodput(arena, broken_at - fault.quiet, broken_at),
            _goodput(arena, loaded_until - fault.quiet, loaded_until),
        ),
        resumed=arena.deaths.resumption(arena.stack.engine.client(Role.ADMIN), began_at),
        drain=drain,
        outage=outage if fault.is_outage else None,
        service_calls=_service_calls(arena) - began_calls,
    )


def _service_calls(arena: Arena) -> int:
    return sum(arena.proxies[name].calls for name in arena.stack.urls)


def _progress(arena: Arena, healed: list[float]) -> float:
    """Return the longest time from the end of a fault to the next completion in the engine's history."""
    admin = arena.stack.engine.client(Role.ADMIN)
    longest = 0.0
    for moment in healed:
        query = {"finishedAfter": _engine_time(moment), "activityType": "serviceTask", "maxResults": 1}
        found = admin.get("/history/activity-instance", {**query, "sortBy": "endTime", "sortOrder": "asc"})
        if found:
            longest = max(longest, datetime.fromisoformat(found[0]["endTime"]).timestamp() - moment)
    return longest


def _goodput(arena: Arena, begin: float, end: float) -> float:
    """Return how many reservations came to their ends per second between two moments."""
    query = {
        "finishedAfter": _engine_time(begin),
        "finishedBefore": _engine_time(end),
        "rootProcessInstances": True,
    }
    found = arena.stack.engine.client(Role.ADMIN).get("/history/process-instance/count", query)
    return float(found["count"]) / (end - begin)


def _engine_time(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
