"""The one polling loop for all scalers."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from external_tasks.engine import EngineClient

from external_task_operator.errors import ClusterError, ClusterUnreachable, EngineFailure, FailureKind
from external_task_operator.observation import Failure
from external_task_operator.observe import Reading, read
from external_task_operator.reconcile import Parts, reconcile
from external_task_operator.scaler import Scaler

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
_BATCH = 25
_SLOW_SECONDS = 1.0
_STUCK_SECONDS = 120.0
_HOUSEKEEPING_SECONDS = 60.0
_REFUSED = frozenset({FailureKind.ENGINE_UNAUTHORIZED, FailureKind.ENGINE_FORBIDDEN})


class Poller:
    """Polls every scaler when it is due; those of one engine that are due together share their queries.

    Only some of the threads read an engine at a time, and all engines that are slow or away take at most half
    of them, so that they hold up their own scalers only.

    Args:
        parts: what polls work with.
        threads: how many batches are worked on at a time.
        per_engine: how many of them read one engine.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        threads: int = 16,
        per_engine: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = parts
        self._threads = threads
        self._per_engine = per_engine
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="poll")
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._reading: Counter[str] = Counter()
        self._slow: set[str] = set()
        self._progress: dict[int, float] = {}
        self._ticked_at = clock()
        self._tidied_at = clock()
        self._wake = threading.Event()
        self._stop = threading.Event()

    def run(self) -> None:
        """Poll until told to stop."""
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.tick()
            except Exception:
                # Whatever it was, the other scalers must not pay for it; liveness tells if it lasts.
                log.exception("A tick of the polling loop failed")
            self._wake.wait(TICK_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """Look for due scalers at once."""
        self._wake.set()

    def stop(self) -> None:
        """End the loop; what is under way is finished."""
        self._stop.set()
        self._wake.set()

    def stuck(self) -> str | None:
        """Say what stands still, if anything does."""
        now = self._clock()
        if now - self._ticked_at > _STUCK_SECONDS:
            return f"the polling loop has stood still for {now - self._ticked_at:.0f} s"
        with self._lock:
            longest = now - min(self._progress.values(), default=now)
        return f"a poll has made no progress for {longest:.0f} s" if longest > _STUCK_SECONDS else None

    def tick(self) -> None:
        """Start the polls that are due, as far as there are threads."""
        now = self._clock()
        registry, leases = self._parts.registry, self._parts.leases
        for engine_key, scalers in registry.due(now).items():
            ours = [scaler for scaler in scalers if leases.holds(scaler.namespace)]
            for scaler in scalers:
                # Whoever has to wait for the lease is not late.
                scaler.due = scaler.due if leases.holds(scaler.namespace) else now
            self._start(engine_key, ours)
        if now - self._tidied_at > _HOUSEKEEPING_SECONDS:
            self._parts.engines.retain({scaler.engine_key for scaler in registry.all()})
            self._tidied_at = now
        self._ticked_at = now

    def _start(self, engine_key: str, scalers: Sequence[Scaler]) -> None:
        for batch in _batches(scalers):
            with self._lock:
                if not self._has_room_for(engine_key):
                    return
                self._under_way[engine_key] += 1
                self._reading[engine_key] += 1
            for scaler in batch:
                scaler.polling = True
            self._pool.submit(self._poll, engine_key, batch)

    def _has_room_for(self, engine_key: str) -> bool:
        if self._reading[engine_key] >= self._per_engine:
            return False
        if engine_key in self._slow:
            return sum(self._under_way[key] for key in self._slow) < max(self._threads // 2, 1)
        return self._under_way.total() < self._threads

    def _poll(self, engine_key: str, batch: Sequence[Scaler]) -> None:
        started = self._clock()
        try:
            engine, reading = self._read_in_turn(engine_key, batch)
            self._judge(engine_key, self._clock() - started, reading)
            for scaler in batch:
                self._made_progress()
                if not self._reconcile(scaler, engine, reading):
                    break
        except Exception:
            # The loop survives; each scaler is polled again at its next turn.
            log.exception("A batch of polls failed", extra={"engine": engine_key})
        finally:
            now = self._clock()
            for scaler in batch:
                self._parts.registry.reschedule(scaler, now)
            with self._lock:
                self._under_way[engine_key] -= 1
                self._progress.pop(threading.get_ident(), None)

    def _read_in_turn(self, engine_key: str, batch: Sequence[Scaler]) -> tuple[EngineClient | None, Reading]:
        try:
            return self._read(batch)
        finally:
            # What follows is for the API server, and the engine may be read for others meanwhile.
            with self._lock:
                self._reading[engine_key] -= 1
            self.wake()

    def _read(self, batch: Sequence[Scaler]) -> tuple[EngineClient | None, Reading]:
        specs = [scaler.spec for scaler in batch if scaler.spec is not None]
        if not specs:
            return None, Reading()
        namespace, ref = batch[0].namespace, specs[0].engine
        topics = dict.fromkeys(topic for spec in specs for topic in spec.topics)
        aged = {topic for spec in specs if spec.target.max_task_age_seconds for topic in spec.topics}
        try:
            engine = self._parts.engines.client(namespace, ref)
        except EngineFailure as error:
            return None, Reading(failure=Failure(error.kind, error.message))
        reading = read(engine, topics, ages_of=aged, progress=self._made_progress)
        if reading.failure and reading.failure.kind in _REFUSED:
            self._parts.engines.distrust(namespace, ref)
        return engine, reading

    def _reconcile(self, scaler: Scaler, engine: EngineClient | None, reading: Reading) -> bool:
        """Poll one scaler; returns whether it makes sense to go on with the next."""
        outcome, go_on = "broken", True
        try:
            reconcile(self._parts, scaler, engine, reading)
            outcome = "engine_failed" if scaler.report.engine_failure else "ok"
        except ClusterError as error:
            outcome, go_on = "cluster_failed", not isinstance(error, ClusterUnreachable)
            log.warning("A poll came to nothing", extra=_where(scaler) | {"error": str(error)})
        except Exception:
            log.exception("A poll failed", extra=_where(scaler))
        self._parts.counters.polled(outcome, max(self._clock() - scaler.due, 0.0))
        return go_on

    def _judge(self, engine_key: str, seconds: float, reading: Reading) -> None:
        self._parts.counters.read(seconds)
        # Many topics take their time with an engine that is in good health.
        patience = _SLOW_SECONDS * (1 if reading.failure else max(len(reading.counts), 1))
        with self._lock:
            (self._slow.add if seconds > patience else self._slow.discard)(engine_key)

    def _made_progress(self) -> None:
        with self._lock:
            self._progress[threading.get_ident()] = self._clock()


def _batches(scalers: Sequence[Scaler]) -> list[list[Scaler]]:
    """Split what is due, but never those apart that are due at the same moment: they share topics."""
    batches: list[list[Scaler]] = []
    for scaler in scalers:
        if batches and (len(batches[-1]) < _BATCH or batches[-1][-1].due == scaler.due):
            batches[-1].append(scaler)
        else:
            batches.append([scaler])
    return batches


def _where(scaler: Scaler) -> dict[str, str]:
    return {"namespace": scaler.namespace, "scaler": scaler.name}
