"""The loop that fetches: one long poll for all topics, never for more tasks than there are free slots."""

from external_tasks.retry import Random
from external_tasks.runtime.batch_sizing import BatchSizing
from external_tasks.runtime.cordon import Cordon
from external_tasks.runtime.engine_status import SLICE_SECONDS
from external_tasks.runtime.fetching import Fetching
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.runtime.outages import wait_after
from external_tasks.runtime.retry_timers import GRID_SECONDS, RetryTimers
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

IDLE_WAIT_MS = 200
"""How long a fetch is held while the last tasks of a run until idle are under way."""


class PollLoop:
    """Fetches until the stop; while the worker is cordoned, it rests.

    Args:
        fetching: how to fetch.
        sizing: for how many slots waiting pays.
        timers: when retries of our own fall due.
        cordon: tells when nothing is to be fetched.
        random: spreads delays.
    """

    def __init__(
        self,
        fetching: Fetching,
        *,
        sizing: BatchSizing,
        timers: RetryTimers,
        cordon: Cordon,
        random: Random,
    ) -> None:
        self._fetching = fetching
        self._slots = fetching.slots
        self._stop = fetching.stop
        self._sizing = sizing
        self._timers = timers
        self._cordon = cordon
        self._random = random
        self._resting = False
        self._more_queue_up = False
        self._errors = 0
        self.heartbeat = Heartbeat(fetching.monotonic)

    @property
    def resting(self) -> bool:
        """Whether nothing is fetched and no fetch is under way, because the worker is cordoned."""
        return self._resting

    def run(self) -> None:
        """Fetch until the stop."""
        while not self._stop.is_set():
            self.heartbeat.beat()
            try:
                self._rest() if self._cordon.is_set else self._poll()
            except BaseException as error:  # noqa: BLE001 - whatever fails in a round, the next one follows
                self._handle(error)

    def run_until_idle(self) -> int:
        """Fetch until there is nothing to fetch and nothing running; return how many tasks came.

        Raises:
            Exception: a fetch failed.
        """
        total = 0
        while not self._stop.is_set():
            self.heartbeat.beat()
            free = self._slots.free
            reserved = self._reserve()
            if not reserved:
                continue
            idle = free == self._slots.total
            # Running tasks may lead to new ones, so the engine holds this fetch until the last of them ends.
            fetched = self._fetch(reserved, 0 if idle else IDLE_WAIT_MS)
            total += fetched
            if idle and not fetched and self._fetching.limits.seconds_to_next is None:
                break
        return total

    def _poll(self) -> None:
        if self._resting:
            logger.info("no longer cordoned", extra={"worker_id": self._fetching.plan.worker_id})
        self._resting = False
        reserved = self._reserve()
        if not reserved:
            return
        self._fetch(reserved, self._wait_ms())
        self._errors = 0
        self._unlock_lost_tasks()

    def _rest(self) -> None:
        # A fetch for retries may still be under way beside the poll that has just ended: this waits for it.
        self._unlock_lost_tasks()
        if not self._resting:
            self._resting = True
            logger.info(
                "cordoned: no more tasks are fetched", extra={"worker_id": self._fetching.plan.worker_id}
            )
        self._stop.wait(SLICE_SECONDS)

    def _unlock_lost_tasks(self) -> None:
        with self._fetching.beside_poll:
            self._fetching.lost.unlock()

    def _fetch(self, reserved: int, wait_ms: int) -> int:
        fetched = self._fetching.fetch(reserved, wait_ms)
        self._more_queue_up = fetched == reserved
        return fetched

    def _reserve(self) -> int:
        if not self._more_queue_up:
            return self._slots.reserve(timeout=SLICE_SECONDS)
        return self._slots.reserve(
            at_least=self._sizing.batch(self._slots.total),
            linger=self._sizing.linger_seconds(),
            timeout=SLICE_SECONDS,
        )

    def _wait_ms(self) -> int:
        if not self._fetching.status.reached:
            return 0
        seconds = self._fetching.plan.poll_seconds
        for to_next in (self._timers.seconds_to_next(), self._fetching.limits.seconds_to_next):
            if to_next is not None:
                seconds = min(seconds, max(to_next, GRID_SECONDS))
        return max(1, round(seconds * 1000))

    def _handle(self, error: BaseException) -> None:
        if self._stop.is_set() or self._cordon.is_set:
            # The engine answers a poll that was cut short with an error: nothing is wrong.
            self._fetching.lost.suspect(error)
            return
        self._fetching.note_failure(error)
        self._errors += 1
        wait = wait_after(error, self._errors, self._random)
        self._fetching.status.pause(wait, self._stop, self.heartbeat.beat)
