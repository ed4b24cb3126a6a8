"""How many tasks a worker can still take, and when it is worth asking for them."""

import threading
import time


class Pace:
    """Learns where the time of tasks goes, to say for how many free slots it pays to wait.

    Fetching anew for every slot that frees costs a call to the engine per task. Where the engine takes most
    of a task's time, waiting for more slots relieves what everybody waits for. Where the handlers do, a slot
    that waits is lost work, and the engine has time for small fetches.
    """

    MAX_LINGER_SECONDS = 0.25
    MAX_SHARE = 0.75
    _WEIGHT = 0.1
    _FIRST_GUESS = 0.05

    def __init__(self) -> None:
        self._handler_seconds = 0.0
        self._report_seconds = self._FIRST_GUESS

    def learn(self, handler_seconds: float, report_seconds: float) -> None:
        """Take in one task; a lost update between threads does not matter to a moving average."""
        self._handler_seconds += self._WEIGHT * (handler_seconds - self._handler_seconds)
        self._report_seconds += self._WEIGHT * (report_seconds - self._report_seconds)

    def batch(self, slots: int) -> int:
        """Return how many of so many slots should be free before the next fetch."""
        report, handler = self._report_seconds, self._handler_seconds
        share = self.MAX_SHARE * report / (report + handler) if report else 0.0
        return max(1, round(share * slots))

    def linger_seconds(self) -> float:
        """Return how long to wait for them at most: a report's time, in which the others may end."""
        return min(self.MAX_LINGER_SECONDS, self._report_seconds)


class Slots:
    """Counts the slots that are free, and those of them that a pending fetch has asked tasks for.

    A fetch reserves slots, asks for as many tasks, and settles with what it got. So two fetches at the same
    time never bring more tasks than there are slots.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._reserved = 0
        self._wanted = 1
        self._changed = threading.Condition()

    @property
    def free(self) -> int:
        """Slots without a task."""
        return self._free

    def reserve(self, *, at_least: int = 1, linger: float = 0.0, timeout: float = 0.0) -> int:
        """Reserve all slots that are free, and return their number.

        Args:
            at_least: wait for so many while lingering.
            linger: seconds to wait for them once one is free.
            timeout: seconds to wait for the first one.
        """
        with self._changed:
            if not self._wait_for(1, timeout):
                return 0
            self._wait_for(at_least, linger)
            count = self._available()
            self._reserved += count
            return count

    def settle(self, reserved: int, taken: int) -> None:
        """Give back a reservation, of which some slots have got a task."""
        with self._changed:
            self._reserved -= reserved
            self._free -= taken
            self._changed.notify_all()

    def release(self) -> None:
        """Free the slot of a task that has ended."""
        with self._changed:
            self._free += 1
            if self._available() >= self._wanted or self._free == self.total:
                self._changed.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no slot has a task; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._free == self.total, seconds)

    def _available(self) -> int:
        return self._free - self._reserved

    def _wait_for(self, count: int, seconds: float) -> bool:
        # Slot threads wake a waiter only when it has what it waits for: a wake-up per task would cost CPU.
        self._wanted = count
        deadline = time.monotonic() + seconds
        while self._available() < count:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.wait(left)
        return True
