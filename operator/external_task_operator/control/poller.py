"""The one polling loop for all scalers."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from external_tasks.engine.client import EngineClient

from external_task_operator.control.reconcile import Parts, reconcile
from external_task_operator.control.scaler import Scaler
from external_task_operator.engine.counts import LockedTask, Reading, read
from external_task_operator.errors import EngineFailure, FailureKind, TargetFailure
from external_task_operator.policy.observation import Failure, Observation, unexpected
from external_task_operator.scaling import take_over
from external_task_operator.scaling.target import Scale
from external_task_operator.spec import ScalerSpec, TaskFilter
from external_task_operator.status.status import PollResult

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
_BATCH = 25
_SLOW_SECONDS = 1.0
_SLOW_RECONCILE_SECONDS = 2.0
_STUCK_SECONDS = 120.0
_HOUSEKEEPING_SECONDS = 60.0
_ALONE = "#alone"
_CLUSTER_FAILED = frozenset({FailureKind.GET_SCALE_FAILED, FailureKind.UPDATE_SCALE_FAILED})
_REFUSED = frozenset({FailureKind.ENGINE_UNAUTHORIZED, FailureKind.ENGINE_FORBIDDEN})


Readings = dict[TaskFilter | None, Reading]
"""What was read of an engine, by the filter of the tasks."""


class Poller:
    """Polls every scaler when it is due; those of one engine that are due together share their queries.

    Only some of the threads read an engine at a time, and all engines that are slow or down take at most half
    of them, so that they delay their own scalers only. So do scalers that the API server, or a webhook in it,
    answers slowly: each is polled by itself.

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
        self._failed_leftovers: list[Scale] = []
        self._not_given_back: list[Scaler] = []
        self._ticked_at = clock()
        self._kept_house_at = clock()
        self._wake = threading.Event()
        self._stop = threading.Event()

    def run(self) -> None:
        """Poll until `stop` is called."""
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.tick()
            except Exception:
                # It must not stop the loop for the other scalers; the liveness probe fails if it lasts.
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
            return f"the polling loop has not run for {now - self._ticked_at:.0f} s"
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
                # A scaler that waits for its namespace's lease is not late.
                scaler.due = scaler.due if leases.holds(scaler.namespace) else now
            self._start(engine_key, _batches([scaler for scaler in ours if not scaler.slow]))
            self._start(f"{engine_key}{_ALONE}", [[scaler] for scaler in ours if scaler.slow])
        for left in registry.take_leftovers(leases.holds):
            self._pool.submit(self._remove_leftovers, left)
        for scaler in registry.take_abandoned(leases.holds):
            self._pool.submit(self._give_back, scaler)
        if now - self._kept_house_at > _HOUSEKEEPING_SECONDS:
            self._parts.engines.retain({scaler.engine_key for scaler in registry.all()})
            self._kept_house_at = now
            while self._failed_leftovers:
                registry.put_leftover(self._failed_leftovers.pop())
            while self._not_given_back:
                registry.put_abandoned(self._not_given_back.pop())
        self._ticked_at = now

    def _start(self, engine_key: str, batches: Sequence[Sequence[Scaler]]) -> None:
        for batch in batches:
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
        if self._is_slow(engine_key):
            slow = sum(count for key, count in self._under_way.items() if self._is_slow(key))
            return slow < max(self._threads // 2, 1)
        return self._under_way.total() < self._threads

    def _is_slow(self, engine_key: str) -> bool:
        return engine_key in self._slow or engine_key.endswith(_ALONE)

    def _poll(self, engine_key: str, batch: Sequence[Scaler]) -> None:
        started = self._clock()
        try:
            engine, readings = self._read_in_turn(engine_key, batch)
            self._judge(engine_key, self._clock() - started, list(readings.values()))
            for scaler in batch:
                self._made_progress()
                self._reconcile(scaler, engine, readings.get(_filter(scaler), Reading()))
        finally:
            now = self._clock()
            for scaler in batch:
                self._parts.registry.reschedule(scaler, now)
            with self._lock:
                self._under_way[engine_key] -= 1
                self._progress.pop(threading.get_ident(), None)

    def _read_in_turn(self, engine_key: str, batch: Sequence[Scaler]) -> tuple[EngineClient | None, Readings]:
        try:
            return self._read(batch)
        except Exception as error:
            # Whatever it was, each scaler of the batch is to say so in its status.
            log.exception("Reading an engine failed: unexpected error", extra={"engine": engine_key})
            return None, _failed(batch, unexpected(error))
        finally:
            # What follows is for the API server, and the engine may be read for others meanwhile.
            with self._lock:
                self._reading[engine_key] -= 1
            self.wake()

    def _read(self, batch: Sequence[Scaler]) -> tuple[EngineClient | None, Readings]:
        specs = [scaler.spec for scaler in batch if scaler.spec is not None]
        if not specs:
            return None, {}
        namespace, ref = batch[0].namespace, specs[0].engine
        try:
            engine = self._parts.engines.client(namespace, ref)
        except EngineFailure as error:
            return None, _failed(batch, Failure(error.kind, error.message))
        readings: Readings = {}
        failure, locked = None, dict[str, list[LockedTask]]()
        for only in dict.fromkeys(spec.task_filter for spec in specs):
            if failure and failure.kind != FailureKind.ENGINE_ANSWER:
                # An engine that is down would be waited for once more by each filter.
                readings[only] = Reading(failure=failure)
                continue
            readings[only] = self._read_some(
                engine, [spec for spec in specs if spec.task_filter == only], only
            )
            # Who is at work is asked for whatever is counted.
            readings[only].locked = locked
            failure = readings[only].failure
        if failure and failure.kind in _REFUSED:
            self._parts.engines.distrust(namespace, ref)
        return engine, readings

    def _read_some(
        self, engine: EngineClient, specs: Sequence[ScalerSpec], only: TaskFilter | None
    ) -> Reading:
        topics = dict.fromkeys(topic for spec in specs for topic in spec.topics)
        aged = {topic for spec in specs if spec.target.max_task_age_seconds for topic in spec.topics}
        return read(engine, topics, only=only, ages_of=aged, progress=self._made_progress)

    def _reconcile(self, scaler: Scaler, engine: EngineClient | None, reading: Reading) -> None:
        started = self._clock()
        try:
            reconcile(self._parts, scaler, engine, reading)
            outcome = _outcome(scaler.result)
        except Exception as error:
            outcome = "broken"
            log.exception("Poll failed: unexpected error", extra=_where(scaler))
            self._say_broken(scaler, error)
        now = self._clock()
        # A webhook that times out for one object must not delay the others again and again.
        scaler.slow = now - started > _SLOW_RECONCILE_SECONDS
        self._parts.counters.polled(outcome, max(now - scaler.due, 0.0))

    def _say_broken(self, scaler: Scaler, error: Exception) -> None:
        try:
            failed = Observation(0, failure=unexpected(error))
            self._parts.reporter.report(scaler, PollResult(seen=failed))
        except Exception:
            log.exception("The failure could not be reported", extra=_where(scaler))

    def _remove_leftovers(self, left: Scale) -> None:
        if not self._parts.cleanup.remove_leftovers(left):
            self._failed_leftovers.append(left)

    def _give_back(self, scaler: Scaler) -> None:
        if scaler.spec is None:
            return
        try:
            take_over.give_back(
                self._parts.competitors,
                scaler.namespace,
                scaler.name,
                scaler.spec,
                tell=lambda reason, message: log.info(message, extra=_where(scaler) | {"reason": reason}),
            )
        except TargetFailure as error:
            log.warning("A target was not given back", extra=_where(scaler) | {"error": error.message})
            self._not_given_back.append(scaler)

    def _judge(self, engine_key: str, seconds: float, readings: Sequence[Reading]) -> None:
        self._parts.counters.read(seconds)
        # Many topics take their time with an engine that is in good health.
        failed = any(reading.failure for reading in readings)
        counted = sum(len(reading.counts) for reading in readings)
        patience = _SLOW_SECONDS * (1 if failed else max(counted, 1))
        with self._lock:
            (self._slow.add if seconds > patience else self._slow.discard)(engine_key)

    def _made_progress(self) -> None:
        with self._lock:
            self._progress[threading.get_ident()] = self._clock()


def _filter(scaler: Scaler) -> TaskFilter | None:
    return scaler.spec.task_filter if scaler.spec else None


def _failed(batch: Sequence[Scaler], failure: Failure) -> Readings:
    return {_filter(scaler): Reading(failure=failure) for scaler in batch}


def _outcome(result: PollResult) -> str:
    if result.target_failure and result.target_failure.kind in _CLUSTER_FAILED:
        return "cluster_failed"
    return "engine_failed" if result.engine_failure else "ok"


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
