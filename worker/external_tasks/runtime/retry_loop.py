"""The loop beside the long poll: fetches retries when they fall due, and ends the poll for a cordon."""

from collections.abc import Callable

from external_tasks.retry import Random
from external_tasks.runtime.cordon import Cordon
from external_tasks.runtime.engine_status import SLICE_SECONDS
from external_tasks.runtime.fetching import Fetching
from external_tasks.runtime.heartbeat import Heartbeat
from external_tasks.runtime.outages import wait_after
from external_tasks.runtime.retry_timers import RetryTimers


class RetryLoop:
    """Does what cannot wait for the end of a poll that was sent: the engine wakes it for new tasks alone.

    Args:
        fetching: how to fetch.
        timers: when retries of our own fall due.
        cordon: tells when nothing is to be fetched.
        poll_rests: whether the long poll has ended for the cordon.
        random: spreads delays.
    """

    def __init__(
        self,
        fetching: Fetching,
        *,
        timers: RetryTimers,
        cordon: Cordon,
        poll_rests: Callable[[], bool],
        random: Random,
    ) -> None:
        self._fetching = fetching
        self._timers = timers
        self._cordon = cordon
        self._poll_rests = poll_rests
        self._random = random
        self._errors = 0
        self.heartbeat = Heartbeat(fetching.monotonic)

    def run(self) -> None:
        """Fetch whenever a retry falls due, until the stop."""
        stop = self._fetching.stop
        while not stop.is_set():
            self.heartbeat.beat()
            try:
                self._round()
            except BaseException as error:  # noqa: BLE001 - whatever fails in a round, the next one follows
                if not stop.is_set():
                    self._fetching.note_failure(error)
                    self._errors += 1
                    wait = wait_after(error, self._errors, self._random)
                    self._fetching.status.pause(wait, stop, self.heartbeat.beat)

    def _round(self) -> None:
        due = self._timers.wait(SLICE_SECONDS)
        if due:
            self._timers.forget_due()
        if self._cordon.is_set:
            if not self._poll_rests():
                self._fetching.cut_poll_short()
            return
        if due:
            self._fetch()

    def _fetch(self) -> None:
        # The slots that became free after the poll was sent are those that the poll did not ask for.
        with self._fetching.beside_poll:
            reserved = self._fetching.slots.reserve()
            if reserved:
                self._fetching.fetch(reserved, 0)
                self._errors = 0
